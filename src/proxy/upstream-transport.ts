import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import type { Interpretation } from "../pipeline/ask.ts";

/** A permitted request on its way out: all headers written, the credential included. */
export interface Departure {
  readonly path: string;
  /** Upper case. */
  readonly method: string;
  /** Flat `name, value, …`. */
  readonly headers: string[];
  readonly body: Uint8Array | IncomingMessage | null;
  /** What was understood of it, so that a transport need not read it again. */
  readonly interpretation: Interpretation;
}

/**
 * The way to one upstream, whatever lies between: an undici pool is one, a process behind pipes
 * another. Answers arrive as those of HTTP, so the way back is the same for all.
 */
export interface UpstreamTransport {
  dispatch(departure: Departure, handler: Dispatcher.DispatchHandler): unknown;
  /** Ends everything it holds open. */
  close(): Promise<void>;
}
