import type { NanoUsd } from "../units.ts";
import type { Usage } from "./usage.ts";

/** How sure the price was. `unpriced` never means free. */
export type PriceStatus = "exact" | "aliased" | "unpriced";

/** Usage with its cost, as settled and recorded. */
export interface PricedUsage {
  readonly usage: Usage;
  /** The model that answered, if the provider named it; else the one asked for. */
  readonly model: string;
  readonly cost: NanoUsd;
  readonly price: PriceStatus;
  /** Name, version and hash of the price catalogue. */
  readonly catalogue: string;
}
