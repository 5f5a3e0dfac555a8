import type { HttpAction, LlmAction, ToolAction } from "../../../src/core/action.ts";
import type { Charge } from "../../../src/core/decision.ts";
import type { Budget, BudgetUnit } from "../../../src/core/money/budget.ts";
import type { ModelPrice, PriceCatalogue } from "../../../src/core/money/price.ts";
import { inputTokensOf, outputTokensOf } from "../../../src/core/money/usage.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { id, instant, nanoUsd } from "../../../src/core/units.ts";

export const NOW = instant(Date.parse("2026-11-21T10:30:00Z"));

export const PRINCIPAL: Principal = {
  agent: id("support-bot"),
  tenant: id("acme"),
  session: id("run-1"),
  team: "support",
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "api_key",
};

export const LLM: LlmAction = {
  kind: "llm",
  upstream: id("openai"),
  operation: "chat",
  model: "gpt-4o",
  stream: false,
  outputTokens: undefined,
  body: {},
};

export const TOOL: ToolAction = {
  kind: "tool",
  upstream: id("crm"),
  tool: "read_user",
  args: {},
};

export const HTTP: HttpAction = {
  kind: "http",
  upstream: id("github"),
  method: "GET",
  host: "api.github.com",
  path: "/repos",
  query: "",
  special: undefined,
  body: undefined,
};

export function budget(name: string, unit: BudgetUnit, more: Partial<Budget> = {}): Budget {
  return {
    id: id(name),
    unit,
    limit: 1_000_000,
    per: ["agent"],
    only: [],
    window: { kind: "calendar", every: "day", tz: "UTC" },
    notifyAt: [],
    onExceed: { kind: "deny" },
    tellsAgent: false,
    ...more,
  };
}

export const metered = (of: Budget): Charge => ({ kind: "metered", budget: of });
export const amount = (of: Budget, n: number): Charge => ({
  kind: "amount",
  budget: of,
  amount: n,
});

/** The largest answer of every model here. */
export const OUTPUT_LIMIT = 16_384;

/** Input costs `input`, output `output` nano-USD a token; the worst case one more for each input. */
export function priceOf(input: number, output: number, outputTokensMax?: number): ModelPrice {
  return {
    status: "exact",
    catalogue: "test@1",
    outputTokensMax,
    outputTokensLimit: OUTPUT_LIMIT,
    contextTokens: 200_000,
    worstCase: (tokensIn, tokensOut) => nanoUsd((input + 1) * tokensIn + output * tokensOut),
    cost: (usage) => nanoUsd(input * inputTokensOf(usage) + output * outputTokensOf(usage)),
    covers: (tool) => tool === "unbilled",
  };
}

export function catalogueOf(prices: Readonly<Record<string, ModelPrice>>): PriceCatalogue {
  return {
    version: "test@1",
    price: (provider, model, _at, tier = "standard") =>
      tier === "standard" ? prices[`${provider}/${model}`] : undefined,
  };
}
