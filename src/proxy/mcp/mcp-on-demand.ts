import type { Pool } from "undici";
import type { Upstream } from "../../core/upstream.ts";
import type { McpWays } from "../upstream-pools.ts";
import type { UpstreamTransport } from "../upstream-transport.ts";
import type { WireFamily } from "../wire.ts";
import type { Arrival } from "./federation/federation-door.ts";
import type { InnerTools } from "./inner/inner-side.ts";

/** All that speaks MCP. */
export interface McpSide extends McpWays, AsyncDisposable {
  readonly wire: WireFamily;
  /** Undefined: it is an exchange with one server, like those of any wire. */
  attend(arrival: Arrival): Promise<void> | undefined;
  /** Servers may be new, or gone. */
  look(): void;
  /** Asks servers nothing of its own accord any more. */
  dismiss(): void;
}

/** What it needs of the data plane that it is a part of. */
export type McpHost = Pick<InnerTools, "exchanges" | "run">;

/** A tenth of the program, loaded where there is an MCP server, else with the first request. */
export class McpOnDemand implements McpWays, AsyncDisposable {
  readonly #open: (host: McpHost) => Promise<McpSide>;
  #host: McpHost | undefined;
  #side: McpSide | undefined;
  #loading: Promise<McpSide> | undefined;

  constructor(open: (host: McpHost) => Promise<McpSide>) {
    this.#open = open;
  }

  /** Undefined until it is loaded. */
  get side(): McpSide | undefined {
    return this.#side;
  }

  connect(host: McpHost): void {
    this.#host = host;
  }

  /** Rejects with the system's error where its files cannot be opened; the next caller tries anew. */
  load(): Promise<McpSide> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<McpSide> {
    if (this.#host === undefined) throw new TypeError("MCP has no data plane");
    try {
      return (this.#side = await this.#open(this.#host));
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }

  to(upstream: Upstream, pool: () => Pool): UpstreamTransport {
    if (this.#side === undefined) throw new TypeError("nobody has asked for MCP");
    return this.#side.to(upstream, pool);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const side = await this.#loading?.catch(() => undefined);
    await side?.[Symbol.asyncDispose]();
  }
}
