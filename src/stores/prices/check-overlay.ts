/**
 * What is probably a slip in the operator's own prices: an amount that is none, one that is free,
 * and one ten times off what the catalogue says, such as a price per thousand tokens.
 */
import type { Instant } from "../../core/units.ts";
import { listedModels, listedPrice } from "./genai-prices.ts";
import { ATTO_USD_SCALE, type Rate } from "../../core/money/model-price.ts";
import { closest } from "../../lib/closest.ts";
import { namesModel } from "./price-catalogue.ts";
import {
  PRICES_PER_CALL,
  PRICES_PER_MTOK,
  readPrice,
  USD_PER_CALL_MAX,
  USD_PER_MTOK_MAX,
  type Price,
  type PriceOverride,
} from "./price-overlay.ts";

/** Providers whose wires the gate speaks, as the catalogue calls them. */
export const WIRE_PROVIDERS: readonly string[] = ["openai", "anthropic", "google", "aws", "azure"];

export interface OverlayProblem {
  /** Which override, from 0. */
  readonly index: number;
  /** The key that is wrong; undefined: the whole entry. */
  readonly key: string | undefined;
  readonly message: string;
  readonly suggestion: string;
}

const JUMP_MAX = 10n;
/** Dearer than any price known, and still thinkable. */
const UNUSUAL_USD_PER_MTOK = 1000n;
const ATTO_PER_USD = 10n ** BigInt(ATTO_USD_SCALE);
const ATTO_PER_USD_PER_MTOK = ATTO_PER_USD / 1_000_000n;
const CONFIRM = "correct it, or add confirm: true to this entry";

/** `at`: when the catalogue is asked. */
export function checkOverlay(
  overrides: readonly PriceOverride[],
  at: Instant,
): readonly OverlayProblem[] {
  return overrides.flatMap((override, index) =>
    [...problemsOf(override, at)].map((problem) => ({ index, ...problem })),
  );
}

type Found = Omit<OverlayProblem, "index">;

function* problemsOf(override: PriceOverride, at: Instant): Generator<Found> {
  yield* timeProblems(override);
  yield* providerProblems(override);
  if (override.model.slice(0, -1).includes("*")) {
    const message = `no model is called ${override.model}: a star stands for the rest of a name`;
    yield { key: "model", message, suggestion: "write it at the end: gpt-5*" };
  }
  const listed = modelsOf(override).flatMap(
    (model) => listedPrice(override.provider, model, at)?.rates ?? [],
  );
  for (const [key, name] of [...PRICES_PER_MTOK, ...PRICES_PER_CALL]) {
    const price = override[key];
    if (price === undefined) continue;
    const rate = readPrice(key, price);
    if (rate === undefined) yield { key, ...notAPrice(price) };
    else if (override.confirm !== true) {
      const references = listed.flatMap((rates) => rates[name] ?? []);
      const message = suspicion(rate, references, key);
      if (message !== undefined) yield { key, message, suggestion: CONFIRM };
    }
  }
  if (override.input_usd_per_mtok === undefined && listed.length === 0) {
    const message = `the catalogue has no ${override.model} of ${override.provider} to add to`;
    yield { key: undefined, message, suggestion: "write input_usd_per_mtok as well" };
  }
}

/** Nobody is called so, and somebody nearly so: the price would be no call's. */
function* providerProblems({ provider, confirm }: PriceOverride): Generator<Found> {
  if (confirm === true || listedModels(provider).length > 0) return;
  const meant = closest(provider, WIRE_PROVIDERS);
  if (meant === undefined) return;
  const message = `the catalogue has no provider ${provider}, so no call may have this price`;
  const suggestion = `did you mean \`${meant}\`? if it is yours, add confirm: true to this entry`;
  yield { key: "provider", message, suggestion };
}

function* timeProblems({ from, until }: PriceOverride): Generator<Found> {
  for (const [key, date] of [
    ["from", from],
    ["until", until],
  ] as const) {
    if (date !== undefined && Number.isNaN(Date.parse(date))) {
      yield { key, message: `\`${date}\` is no date`, suggestion: "write 2026-01-31" };
    }
  }
  if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until)) {
    yield { key: "until", message: "it ends before it begins", suggestion: "swap the dates" };
  }
}

/** Of the table's models, those that the entry names. */
function modelsOf(override: PriceOverride): readonly string[] {
  const exact = override.model.endsWith("*") ? [] : [override.model];
  return [...exact, ...listedModels(override.provider).filter((id) => namesModel(override, id))];
}

function notAPrice(price: Price): { message: string; suggestion: string } {
  const written = typeof price === "object" ? "a tiered price" : `\`${price}\``;
  return {
    message:
      `${written} is no price: at most ${USD_PER_MTOK_MAX} USD for a million tokens and ` +
      `${USD_PER_CALL_MAX} USD for a call`,
    suggestion: "write a plain decimal such as 2.50",
  };
}

function suspicion(rate: Rate, references: readonly Rate[], key: string): string | undefined {
  const prices = [rate.base, ...rate.tiers.map((tier) => tier.price)];
  if (prices.includes(0n)) return "a price of zero makes calls free";
  for (const { base, tiers } of references) {
    const known = [base, ...tiers.map((tier) => tier.price)];
    const least = known.reduce((a, b) => (a < b ? a : b));
    const most = known.reduce((a, b) => (a > b ? a : b));
    if (least === 0n) continue;
    for (const price of prices) {
      if (price > most * JUMP_MAX) return `more than ten times the catalogue's ${usd(most, key)}`;
      if (price * JUMP_MAX < least)
        return `less than a tenth of the catalogue's ${usd(least, key)}`;
    }
  }
  const unusual = UNUSUAL_USD_PER_MTOK * ATTO_PER_USD_PER_MTOK;
  const perToken = !PRICES_PER_CALL.some(([call]) => call === key);
  const dear = perToken && references.length === 0 && prices.some((price) => price > unusual);
  return dear ? "dearer than any model that is known" : undefined;
}

function usd(atto: bigint, key: string): string {
  const perCall = PRICES_PER_CALL.some(([call]) => call === key);
  return `${Number(atto) / Number(perCall ? ATTO_PER_USD : ATTO_PER_USD_PER_MTOK)} USD`;
}
