/** Packages' types name these parts of the DOM; a server must not get `window` with them. */
import type { TextDecoder as NodeTextDecoder } from "node:util";
import type { HeadersInit as UndiciHeadersInit } from "undici";

declare global {
  /** The MCP SDK's. */
  type HeadersInit = UndiciHeadersInit;
  /** gpt-tokenizer's. */
  type TextDecoder = NodeTextDecoder;
}
