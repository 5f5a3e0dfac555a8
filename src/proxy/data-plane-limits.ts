import type { Millis } from "../core/units.ts";

export interface BodyLimits {
  /** Longest silence inside a request body. */
  readonly idle: Millis;
  /** From here on the average must reach `bytesPerSecondMin`. */
  readonly grace: Millis;
  readonly bytesPerSecondMin: number;
}

/** What one client may cost the listener. Every number has an owner in the config file. */
export interface DataPlaneLimits {
  readonly headerBytesMax: number;
  /** From the connection's first byte to the end of the head. */
  readonly headersTimeout: Millis;
  readonly keepAlive: Millis;
  readonly connectionsMax: number;
  readonly requestsPerConnectionMax: number;
  /** A client that does not take the bytes we have for it. */
  readonly readStall: Millis;
  readonly body: BodyLimits;
}
