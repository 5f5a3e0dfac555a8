/** The MCP SDK's types name this part of the DOM; a server must not get `window` with it. */
import type { HeadersInit as UndiciHeadersInit } from "undici";

declare global {
  type HeadersInit = UndiciHeadersInit;
}
