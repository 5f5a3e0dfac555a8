import type { Instant, NanoUsd } from "../units.ts";
import type { ProviderTool } from "./demand.ts";
import type { PriceStatus } from "./priced-usage.ts";
import type { ServiceTier } from "./service-tier.ts";
import type { BilledUsage } from "./usage.ts";

/** What one model costs at one time, in one tier. Amounts are rounded up once, to whole nano-USD. */
export interface ModelPrice {
  readonly status: PriceStatus;
  /** Name, version and hash of the catalogue it comes from: goes into the record. */
  readonly catalogue: string;
  /** Largest output the operator allows the model; written into requests that ask for more. */
  readonly outputTokensMax: number | undefined;
  /** Largest output the model can give: held where nobody names a cap, and never sent. */
  readonly outputTokensLimit: number;
  /** Largest input the model can read. */
  readonly contextTokens: number;
  /** Dearest way to bill so many tokens, and calls of provider tools; the hold. */
  worstCase(inputTokens: number, outputTokens: number, toolCalls?: number): NanoUsd;
  /** A class without a price of its own costs what the plain class costs, never zero. */
  cost(usage: BilledUsage): NanoUsd;
  /** Whether a call of such a tool has a price. */
  covers(tool: ProviderTool): boolean;
}

export interface PriceCatalogue {
  /** Name, version and hash of what is in force now. */
  readonly version: string;
  /**
   * `undefined`: nobody knows, and the operator set no worst case: the call is refused. A tier
   * without a price list of its own is as unknown as a model.
   */
  price(provider: string, model: string, at: Instant, tier?: ServiceTier): ModelPrice | undefined;
}
