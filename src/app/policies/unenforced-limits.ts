/**
 * Every configured limit has somebody who enforces it, or the start fails and says which has none:
 * limits that nobody registered are how other gateways overspent (BerriAI/litellm#27381).
 */
import type { DefinedBudget } from "../../core/policy/policy-linker.ts";
import type { CompiledRule } from "../../core/policy/compiled-rule.ts";
import type { Problem } from "../../core/problem.ts";
import type { BudgetStore, Hold } from "../../core/money/budget.ts";
import type { RateStore } from "../../core/money/rate.ts";
import { attemptId, id, millis, NANO_USD_MAX, type ExchangeId } from "../../core/units.ts";
import type { Upstream, Wire } from "../../core/upstream.ts";

export interface Limits {
  readonly rules: readonly CompiledRule[];
  readonly budgets: readonly DefinedBudget[];
}

/** What files alone show: also asked of each reload. */
export function findIdleLimits(
  { rules, budgets }: Limits,
  upstreams: readonly Upstream[],
): readonly Problem[] {
  const idle = budgets.filter(({ charged }) => !charged);
  return [
    ...idle.map(({ budget, place }) => ({
      ...place,
      message: `nothing enforces the budget ${budget.id}: no rule charges it`,
      suggestion: `charge: ${budget.id}, or remove it`,
    })),
    ...rules.flatMap((rule) => unmetered(rule, upstreams)),
  ];
}

const LLM_WIRES: ReadonlySet<Wire> = new Set(["openai", "anthropic", "gemini", "bedrock"]);

/** Calls to an upstream that speaks another wire are never `llm` calls, so nothing would count them. */
function unmetered(rule: CompiledRule, upstreams: readonly Upstream[]): readonly Problem[] {
  const { selector, place } = rule;
  if (selector.kind !== "llm" || !limits(rule)) return [];
  return selector.upstreams.flatMap((glob) => {
    const upstream = upstreams.find(({ name }) => name === glob.text);
    if (upstream === undefined || LLM_WIRES.has(upstream.wire)) return [];
    return {
      ...place,
      message:
        `nothing enforces the limits of rule ${rule.id} on ${upstream.name}: ` +
        `its wire is ${upstream.wire}, so its calls are no LLM calls`,
      suggestion: "give the upstream its LLM wire in the configuration, or write an http: rule",
    };
  });
}

function limits({ charges, rates, outputTokens }: CompiledRule): boolean {
  return charges.length > 0 || rates.length > 0 || outputTokens !== undefined;
}

const LEASE = millis(1000);
const ENFORCER = "the store that was configured lets through what is over it";

/**
 * Asks the stores that will serve for more than each limit; a live enforcer says no. The probes' own keys
 * are used, and nobody else's. One that cannot be reached says nothing here: its calls are refused when they come.
 */
export async function findDeadEnforcers(
  { rules, budgets }: Limits,
  { store, rates }: { readonly store: BudgetStore; readonly rates: RateStore },
  exchange: ExchangeId,
): Promise<readonly Problem[]> {
  const dead = await Promise.all([
    ...budgets.map((defined, n) => overdraw(defined, store, exchange, n + 1)),
    ...rules.map((rule) => outrun(rule, rates, exchange)),
  ]);
  return dead.flat();
}

async function overdraw(
  { budget, place }: DefinedBudget,
  store: BudgetStore,
  exchange: ExchangeId,
  n: number,
): Promise<readonly Problem[]> {
  if (budget.limit >= NANO_USD_MAX) return [];
  const hold: Hold = {
    budget,
    key: `self-test|${budget.id}|${exchange}|once`,
    amount: budget.limit + 1,
    trailing: [],
    resetsAt: undefined,
    keepUntil: undefined,
  };
  const attempt = attemptId(exchange, n);
  const reply = await store.reserve(attempt, [hold], LEASE);
  if (reply.kind !== "held") return [];
  await store.settle(attempt, []);
  return [{ ...place, message: `nothing enforces the budget ${budget.id}`, suggestion: ENFORCER }];
}

async function outrun(
  { rates: limits, id: rule, place }: CompiledRule,
  rates: RateStore,
  exchange: ExchangeId,
): Promise<readonly Problem[]> {
  for (const [n, limit] of limits.entries()) {
    if (limit.kind !== "rate") continue;
    const key = `self-test|${rule}|${exchange}|${n}`;
    const take = (step: number, amount: number): ReturnType<RateStore["take"]> =>
      rates.take(id<ExchangeId>(`${exchange}_${rule}_${n}_${step}`), [{ limit, key, amount }]);
    await take(1, limit.allowance);
    const reply = await take(2, limit.allowance);
    if (reply.kind !== "taken") continue;
    const message = `nothing enforces the limit of ${limit.counts} of rule ${rule}`;
    return [{ ...place, message, suggestion: ENFORCER }];
  }
  return [];
}
