/** The MCP SDK's types name this part of the DOM; a server must not get `window` with it. */
type HeadersInit = import("undici").HeadersInit;
