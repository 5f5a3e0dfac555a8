import { Buffer } from "node:buffer";
import type { Dispatcher, Pool } from "undici";
import type { Upstream } from "../../../core/upstream.ts";
import type { McpRequest, McpServerSide } from "./mcp-request.ts";

/** A server that speaks Streamable HTTP itself. */
export class HttpSide implements McpServerSide {
  readonly #pool: Pool;
  readonly #path: string;

  constructor(upstream: Upstream, pool: Pool) {
    this.#pool = pool;
    this.#path = upstream.pathPrefix === "" ? "/" : upstream.pathPrefix;
  }

  ask({ verb, headers, sent }: McpRequest, handler: Dispatcher.DispatchHandler): void {
    const body = sent === undefined ? null : (sent.bytes ?? Buffer.from(sent.text));
    this.#pool.dispatch({ path: this.#path, method: verb, headers, body }, handler);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
