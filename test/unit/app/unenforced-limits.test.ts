import { describe, expect, it } from "vitest";
import { findDeadEnforcers, findIdleLimits } from "../../../src/app/policies/unenforced-limits.ts";
import type { BudgetStore } from "../../../src/core/money/budget.ts";
import { id, type ExchangeId } from "../../../src/core/units.ts";
import { createRateStore } from "../../../src/stores/memory/rate-store.ts";
import { openBudgetStore } from "../../../src/stores/sqlite/budget-store.ts";
import { instant } from "../../../src/core/units.ts";
import { upstreamOf } from "../llm/support.ts";
import { compiled } from "../policy/policy-fixture.ts";

const POLICY = `version: 1
agents: [bot]
budgets:
  day:  { limit: 10 USD, per: agent, window: day }
  idle: { limit: 5 calls, per: all, window: rolling 1h }
rules:
  - id: models
    llm: { upstreams: [plain, openai] }
    effect: allow
    charge: day
    limits: { requests: 60/min, tokens: 1000/min }
`;

const EXCHANGE = id<ExchangeId>("exc_probe");
const said = (problems: readonly { readonly line: number; readonly message: string }[]) =>
  problems.map(({ line, message }) => `${line}: ${message}`);

describe("the self-test of limits", () => {
  it("names budgets that no rule charges, and rules whose calls would not be counted", () => {
    const upstreams = [
      { ...upstreamOf("http"), name: id<never>("plain") },
      { ...upstreamOf("openai"), name: id<never>("openai") },
    ];
    expect(said(findIdleLimits(compiled(POLICY), upstreams))).toEqual([
      "5: nothing enforces the budget idle: no rule charges it",
      "7: nothing enforces the limits of rule models on plain: its wire is http, so its calls are " +
        "no LLM calls",
    ]);
  });

  it("is content with the real stores, and leaves nothing behind in them", async () => {
    await using store = openBudgetStore(":memory:", () => instant(1_780_000_000_000));
    const rates = createRateStore();
    expect(await findDeadEnforcers(compiled(POLICY), { store, rates }, EXCHANGE)).toEqual([]);
    const page = { prefix: "self-test|day|", after: undefined, max: 10 };
    expect(await store.list(page)).toEqual([]);
  });

  it("names the limits that a store lets be overdrawn", async () => {
    const store: BudgetStore = {
      reserve: async () => ({ kind: "held", used: [0] }),
      resize: async () => ({ kind: "gone" }),
      settle: async () => ({ kind: "settled", changes: [] }),
      balances: async () => [],
      list: async () => [],
      holdsOn: async () => [],
      assign: async () => ({ kind: "assigned", before: [] }),
    };
    const rates = { take: () => ({ kind: "taken", standings: [] }) as const, end: () => undefined };
    const dead = await findDeadEnforcers(compiled(POLICY), { store, rates }, EXCHANGE);
    expect(said(dead)).toEqual([
      "4: nothing enforces the budget day",
      "5: nothing enforces the budget idle",
      "7: nothing enforces the limit of requests of rule models",
    ]);
  });
});
