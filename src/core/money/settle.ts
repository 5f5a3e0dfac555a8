import { nanoUsd, NANO_USD_MAX, type Instant, type NanoUsd } from "../units.ts";
import type { Settlement } from "./budget.ts";
import { amountIn, type Amounts, type HoldLine } from "./holds.ts";
import type { ModelPrice, PriceCatalogue } from "./price.ts";
import type { PricedUsage } from "./priced-usage.ts";
import { withSurcharge } from "./surcharge.ts";
import { TIER_FACTOR_MAX, type ServiceTier } from "./service-tier.ts";
import { inputTokensOf, outputTokensOf, UNCOUNTED, type BilledUsage, type Usage } from "./usage.ts";

/** What was agreed before the call went out: all that settling needs to remember. */
export interface Agreement {
  readonly lines: readonly HoldLine[];
  /** Undefined where the exchange is not metered: tools, http, calls that bill nothing. */
  readonly metered: MeteredAgreement | undefined;
}

export interface MeteredAgreement {
  readonly provider: string;
  /** The model asked for. */
  readonly model: string;
  readonly at: Instant;
  readonly price: ModelPrice;
  /** The price list that was asked for. */
  readonly tier: ServiceTier;
  /** Percent that was asked for, and is in `price`. */
  readonly surcharge: number;
  /** Upper bounds that the hold was made from. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of provider tools. */
  readonly toolCalls: number;
  /** Worst case of all three. */
  readonly held: NanoUsd;
}

/** How the exchange ended, as far as money goes. */
export interface Ending {
  /** Whether a byte of the request may have reached the upstream. */
  readonly sent: boolean;
  /** Status of the upstream's answer, if one came. */
  readonly status: number | undefined;
  readonly usage: Usage | undefined;
  /** The model that answered, if the provider named it. */
  readonly model: string | undefined;
}

export interface Settled {
  /** Empty: every hold is given back. */
  readonly settlements: readonly Settlement[];
  readonly priced: PricedUsage | undefined;
  /** What metering came to; nothing where nothing is metered. */
  readonly spent: Amounts;
}

/**
 * What an exchange really cost. Never sent: nothing. Sent without a word about usage: what was held,
 * flagged `estimated`, unless the upstream turned the call away. What the provider did not count
 * counts as much as was held for it: missing usage is never free.
 */
export function settlementsOf(
  agreement: Agreement,
  ending: Ending,
  prices: PriceCatalogue,
): Settled {
  if (!ending.sent) return { settlements: [], priced: undefined, spent: NOTHING };
  const { metered } = agreement;
  if (metered === undefined || (ending.usage === undefined && turnedAway(ending.status))) {
    return { settlements: settle(agreement.lines, CALL), priced: undefined, spent: CALL };
  }
  const priced = priceUsage(metered, ending, prices);
  const spent = amountsOf(metered, priced, ending);
  return { settlements: settle(agreement.lines, spent), priced, spent };
}

/** An exchange that never went out. */
const NOTHING: Amounts = { nanoUsd: 0, inputTokens: 0, outputTokens: 0, calls: 0 };
/** The call itself, without a token: what is owed where nothing is metered. */
const CALL: Amounts = { nanoUsd: 0, inputTokens: 0, outputTokens: 0, calls: 1 };

/**
 * Providers do not bill what they refuse (4xx) or are too busy for (503, 529). Other failures may
 * come after the work was done.
 */
function turnedAway(status: number | undefined): boolean {
  if (status === undefined) return false;
  return (status >= 400 && status < 500) || status === 503 || status === 529;
}

function priceUsage(
  metered: MeteredAgreement,
  ending: Ending,
  prices: PriceCatalogue,
): PricedUsage {
  const usage = billedUsage(metered, ending.usage);
  const model = ending.model ?? metered.model;
  const { tier = metered.tier, surcharge = metered.surcharge } = usage;
  const { price, factor } = priceOfAnswer(metered, { model, tier, surcharge }, prices);
  const cost = Math.min(price.cost(usage) * factor, NANO_USD_MAX);
  return {
    usage,
    model,
    cost: nanoUsd(inputIsKnown(ending) ? cost : Math.max(cost, metered.held)),
    price: factor === 1 ? price.status : "unpriced",
    catalogue: price.catalogue,
  };
}

/** A floor may lack the input; who counted a whole answer counted its input as well. */
function inputIsKnown({ usage }: Ending): boolean {
  return usage !== undefined && (usage.source === "provider" || usage.input !== undefined);
}

interface PriceOfAnswer {
  readonly price: ModelPrice;
  /** More than 1 where the answer came in a dearer tier that nobody priced. */
  readonly factor: number;
}

/**
 * The model and the tier that answered are what the provider bills. Unknown, the model costs what
 * was agreed, and the tier as much as its like ever does.
 */
function priceOfAnswer(
  metered: MeteredAgreement,
  { model, tier, surcharge }: Pick<MeteredAgreement, "model" | "tier" | "surcharge">,
  prices: PriceCatalogue,
): PriceOfAnswer {
  const asAsked = tier === metered.tier && surcharge === metered.surcharge;
  if (asAsked && model === metered.model) return { price: metered.price, factor: 1 };
  const { provider, at } = metered;
  const answered = knownPrice(prices.price(provider, model, at, tier));
  if (answered !== undefined) return { price: withSurcharge(answered, surcharge), factor: 1 };
  const standard = knownPrice(prices.price(provider, model, at, "standard"));
  if (tier === metered.tier) return { price: metered.price, factor: 1 };
  const price = standard === undefined ? metered.price : withSurcharge(standard, surcharge);
  return { price, factor: TIER_FACTOR_MAX[tier] };
}

function knownPrice(price: ModelPrice | undefined): ModelPrice | undefined {
  return price?.status === "unpriced" ? undefined : price;
}

/**
 * Fills what the provider left out with the bound that was held for it. What was seen of an answer
 * that broke off counts as that bound too: hidden reasoning and unseen text are billed as well.
 */
function billedUsage(metered: MeteredAgreement, usage: Usage = UNCOUNTED): BilledUsage {
  const known = usage.output ?? (metered.outputTokens === 0 ? 0 : undefined);
  const whole = usage.source !== "floor";
  const exact = usage.source === "provider" && usage.input !== undefined && known !== undefined;
  const outputBound = Math.max(metered.outputTokens - outputTokensOf(usage), 0) + (known ?? 0);
  const inputBound = Math.max(metered.inputTokens - inputTokensOf(usage), 0);
  const output = whole ? (known ?? outputBound) : outputBound;
  const source = exact ? "provider" : "estimated";
  return { ...usage, input: usage.input ?? inputBound, output, source };
}

function amountsOf(metered: MeteredAgreement, priced: PricedUsage, ending: Ending): Amounts {
  const { usage, cost } = priced;
  const inputTokens = inputTokensOf(usage);
  const outputTokens = outputTokensOf(usage);
  if (inputIsKnown(ending)) return { nanoUsd: cost, inputTokens, outputTokens, calls: 1 };
  return {
    nanoUsd: cost,
    inputTokens: Math.max(inputTokens, metered.inputTokens),
    outputTokens: Math.max(outputTokens, metered.outputTokens),
    calls: 1,
  };
}

function settle(lines: readonly HoldLine[], spent: Amounts): readonly Settlement[] {
  return lines.map(({ hold, metered, fixed }) => {
    const used = metered === undefined ? 0 : amountIn(hold.budget, spent);
    const amount = Math.min(used + fixed, NANO_USD_MAX);
    return { key: hold.key, amount, trailing: hold.trailing };
  });
}
