import type { McpServerSide } from "../transport/mcp-request.ts";

/**
 * The processes that serve one address. A session lives in one of them, whichever gets its next
 * request.
 */
export interface Peers {
  /** Stands at the start of session ids that are made in this process. */
  readonly mark: string;
  /** The side, asked in whichever process keeps what a request needs. */
  share(name: string, side: McpServerSide): McpServerSide;
}

/** One process alone. */
export const ALONE: Peers = { mark: "", share: (_, side) => side };
