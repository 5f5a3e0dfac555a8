import type { PriceOverride } from "../../stores/prices/price-overlay.ts";
import type { Config } from "../config/config.ts";

export const DEMO_MODEL = "demo-model";
export const DEMO_PROVIDER = "demo";

const DEMO_PRICE: PriceOverride = {
  provider: DEMO_PROVIDER,
  model: DEMO_MODEL,
  input_usd_per_mtok: "10",
  output_usd_per_mtok: "1500",
  output_tokens_max: 1024,
  confirm: true,
};

/** The demo's money is real to budgets, and priced the same wherever prices are asked for. */
export function withDemoPrice(config: Config): Config {
  const overrides = [...config.prices.overrides, DEMO_PRICE];
  return { ...config, prices: { ...config.prices, overrides } };
}
