import { usdText } from "../../core/money/usd-text.ts";

/** Nano-USD as the documented JSON number of US dollars. */
export function dollars(nanoUsd: number): number {
  return Number(usdText(nanoUsd));
}
