import type { Instant, NanoUsd } from "../units.ts";
import type { PriceStatus } from "./priced-usage.ts";
import type { BilledUsage } from "./usage.ts";

/** What one model costs at one time. Amounts are rounded up once, to whole nano-USD. */
export interface ModelPrice {
  readonly status: PriceStatus;
  /** Largest output the model can give, where the catalogue knows. */
  readonly outputTokensMax: number | undefined;
  /** Dearest way to bill so many tokens; the hold. */
  worstCase(inputTokens: number, outputTokens: number): NanoUsd;
  /** A class without a price of its own costs what the plain class costs, never zero. */
  cost(usage: BilledUsage): NanoUsd;
}

export interface PriceCatalogue {
  /** Name, version and hash: goes into every record. */
  readonly version: string;
  /** `undefined`: nobody knows, and the operator set no worst case: the call is refused. */
  price(provider: string, model: string, at: Instant): ModelPrice | undefined;
}
