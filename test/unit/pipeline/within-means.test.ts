import { describe, expect, it } from "vitest";
import type { BudgetStore, Hold } from "../../../src/core/money/budget.ts";
import type { Terms } from "../../../src/core/decision.ts";
import { withinMeans } from "../../../src/pipeline/within-means.ts";
import { amount, budget, metered, NOW, PRINCIPAL, TOOL } from "../money/money-fixtures.ts";

const DAY = budget("spend-day", "nano_usd", { limit: 100 });
const terms = (charges: Terms["charges"]): Terms => ({
  charges,
  rates: [],
  outputTokens: undefined,
  marks: [],
  shadow: [],
});

/** Balances of which so much is spent and held; `undefined`: the store does not answer. */
function means(balance: { spent: number; held: number } | undefined) {
  const told: Hold[] = [];
  const budgets: Pick<BudgetStore, "balances"> = {
    balances: async (keys) =>
      balance === undefined ? [] : keys.map((key) => ({ key, ...balance })),
  };
  const observer = { budgetExhausted: (hold: Hold) => void told.push(hold) };
  const ask = (charges: Terms["charges"]) =>
    withinMeans({ now: NOW, principal: PRINCIPAL, action: TOOL, terms: terms(charges) }, {
      budgets,
      observer,
    } as unknown as Parameters<typeof withinMeans>[1]);
  return { ask, told };
}

describe("before a person is asked", () => {
  it("what the call names may take all that is left", async () => {
    const { ask } = means({ spent: 60, held: 10 });
    expect(await ask([amount(DAY, 30)])).toMatchObject({ kind: "pass" });
  });

  it("is refused what nobody could pay, by the budget that is short", async () => {
    const { ask, told } = means({ spent: 60, held: 10 });
    expect(await ask([amount(DAY, 31)])).toMatchObject({
      kind: "halt",
      refusal: { code: "budget_exceeded", budget: "spend-day" },
    });
    expect(told).toMatchObject([{ amount: 31 }]);
  });

  it("looks at no store for what is metered only", async () => {
    const { ask } = means(undefined);
    expect(await ask([metered(DAY)])).toMatchObject({ kind: "pass" });
    expect(await ask([])).toMatchObject({ kind: "pass" });
  });

  it("is refused where budgets cannot be read", async () => {
    const { ask } = means(undefined);
    expect(await ask([amount(DAY, 1)])).toMatchObject({
      refusal: { code: "budget_unavailable" },
    });
  });
});
