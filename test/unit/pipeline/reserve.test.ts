import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import type { RateLimit, Terms } from "../../../src/core/decision.ts";
import { NO_DEMAND, type Demand } from "../../../src/core/money/demand.ts";
import type { Budget, BudgetStore, ReserveReply } from "../../../src/core/money/budget.ts";
import { holdsFor } from "../../../src/core/money/holds.ts";
import type { RateStore } from "../../../src/core/money/rate.ts";
import { rollingWindow } from "../../../src/core/money/window.ts";
import { settlementsOf } from "../../../src/core/money/settle.ts";
import { attemptId, id, millis, type ExchangeId } from "../../../src/core/units.ts";
import {
  PROVIDER_TOOL_CALLS_DEFAULT,
  TOOL_RESULT_TOKENS,
} from "../../../src/core/money/worst-case.ts";
import type { Observer } from "../../../src/pipeline/stages.ts";
import type { Metering } from "../../../src/pipeline/ask.ts";
import { ATTEMPTS_MAX, reserve, RESERVATION_LEASE } from "../../../src/pipeline/reserve.ts";
import {
  amount,
  budget,
  catalogueOf,
  LLM,
  metered,
  NOW,
  OUTPUT_LIMIT,
  priceOf,
  PRINCIPAL,
  TOOL,
} from "../money/money-fixtures.ts";

const EXCHANGE = id<ExchangeId>("exc_1");
const HIDDEN = 512;
const CATALOGUE = catalogueOf({
  "openai/gpt-4o": priceOf(2, 10),
  "openai/small": priceOf(2, 10, 100),
});
const USD = budget("llm-day", "nano_usd", { limit: 10_000_000_000 });

const TERMS: Terms = {
  charges: [metered(USD)],
  rates: [],
  outputTokens: undefined,
  marks: [],
  shadow: [],
};

const METERING: Metering = {
  provider: "openai",
  model: "gpt-4o",
  inputTokens: 100,
  outputTokens: undefined,
  zeroIsCap: false,
  choices: 1,
  demand: NO_DEMAND,
  bills: "input_and_output",
};

/** A store that gives these answers in turn, the last one for ever, and remembers what it was asked. */
function storeThatReplies(...replies: readonly ReserveReply[]) {
  const asked: Parameters<BudgetStore["reserve"]>[] = [];
  const budgets: BudgetStore = {
    reserve: async (...args) => {
      asked.push(args);
      return replies[asked.length - 1] ?? replies.at(-1) ?? HELD;
    },
    resize: async () => ({ kind: "gone" }),
    settle: async () => ({ kind: "settled", changes: [] }),
    balances: async () => [],
    list: async () => [],
    holdsOn: async () => [],
    assign: async () => ({ kind: "assigned", before: [] }),
  };
  return { budgets, asked };
}

const FULL: RateStore = { take: () => ({ kind: "taken", standings: [] }), end: () => undefined };

const RATE: RateLimit = {
  kind: "rate",
  rule: id("models"),
  counts: "requests",
  allowance: 60,
  per: millis(60_000),
  scope: "agent",
};

/** Every limit is used up and comes back after a time. */
const emptyFor = (wait: number): RateStore => ({
  take: (_, [claim]) =>
    claim === undefined
      ? { kind: "taken", standings: [] }
      : { kind: "empty", claim, retryIn: millis(wait), standings: [] },
  end: () => undefined,
});

const HELD: ReserveReply = { kind: "held", used: [0] };

interface Case {
  readonly terms?: Partial<Terms>;
  readonly metering?: Partial<Metering> | null;
  readonly action?: Action;
  readonly reply?: ReserveReply | readonly ReserveReply[];
  readonly rates?: RateStore;
}

async function run({ terms, metering, action = LLM, reply = HELD, rates }: Case) {
  const { budgets, asked } = storeThatReplies(...[reply].flat());
  const exhausted: string[] = [];
  const observer: Observer = {
    closed: () => undefined,
    bug: () => undefined,
    turnedAway: () => undefined,
    budgetThreshold: () => undefined,
    budgetExhausted: (hold, left) => exhausted.push(`${hold.budget.id} ${left}`),
  };
  const verdict = await reserve(
    {
      exchange: EXCHANGE,
      now: NOW,
      principal: PRINCIPAL,
      action,
      terms: { ...TERMS, ...terms },
      metering: metering === null ? undefined : { ...METERING, ...metering },
      attempts: 0,
    },
    { prices: CATALOGUE, budgets, rates: rates ?? FULL, observer },
  );
  return { verdict, asked, exhausted };
}

const passed = async (given: Case) => {
  const { verdict, asked } = await run(given);
  if (verdict.kind !== "pass") throw new Error(`refused: ${verdict.refusal.detail}`);
  return { ...verdict.value, asked };
};
const refused = async (given: Case) => {
  const { verdict } = await run(given);
  return verdict.kind === "halt" ? verdict.refusal : undefined;
};

describe("reserve", () => {
  it("holds the worst case of the whole call, once, with a lease beyond the upstream's time", async () => {
    const { reservation, asked } = await passed({ terms: { outputTokens: 40 } });
    const held = (100 + HIDDEN) * 3 + 40 * 10;
    expect(reservation).toMatchObject({ kind: "held", holds: [{ amount: held, budget: USD }] });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject([attemptId(EXCHANGE, 1), [{ amount: held }], RESERVATION_LEASE]);
  });

  it("does not touch the store when no budget applies, and still agrees on a price", async () => {
    const { reservation, agreement, asked } = await passed({ terms: { charges: [] } });
    expect(reservation).toEqual({ kind: "unmetered" });
    expect(agreement.metered).toMatchObject({ model: "gpt-4o", provider: "openai" });
    expect(asked).toEqual([]);
  });

  it("counts every choice that was asked for", async () => {
    const { agreement } = await passed({ metering: { outputTokens: 7, choices: 5 } });
    expect(agreement.metered?.outputTokens).toBe(35);
  });

  it.each([
    { client: undefined, policy: undefined, model: "gpt-4o", held: OUTPUT_LIMIT },
    { client: undefined, policy: undefined, model: "small", held: 100, sent: 100 },
    { client: undefined, policy: 40, model: "gpt-4o", held: 40, sent: 40 },
    { client: undefined, policy: 400, model: "small", held: 100, sent: 100 },
    { client: 30, policy: 40, model: "gpt-4o", held: 30 },
    { client: 50, policy: 40, model: "gpt-4o", held: 40, sent: 40 },
    { client: 40, policy: 40, model: "gpt-4o", held: 40 },
    { client: 500, policy: undefined, model: "small", held: 100 },
    { client: -1, policy: 40, model: "gpt-4o", held: 40, sent: 40 },
    { client: 0, policy: undefined, model: "gpt-4o", held: OUTPUT_LIMIT },
    { client: 50_000, policy: undefined, model: "gpt-4o", held: 50_000 },
  ])("client cap $client, policy cap $policy on $model", async (row) => {
    const { agreement, outputTokens } = await passed({
      metering: { outputTokens: row.client, model: row.model },
      terms: { outputTokens: row.policy },
    });
    expect(agreement.metered?.outputTokens).toBe(row.held);
    expect(outputTokens).toBe(row.sent);
  });

  it("takes a cap of zero for none, but where it asks for no output", async () => {
    const given = (zeroIsCap: boolean) => ({ metering: { outputTokens: 0, zeroIsCap } });
    const any = await passed(given(false));
    expect(any.agreement.metered?.outputTokens).toBe(OUTPUT_LIMIT);
    const warming = await passed({ ...given(true), terms: { outputTokens: 40 } });
    expect(warming.agreement.metered?.outputTokens).toBe(0);
    expect(warming.outputTokens).toBeUndefined();
  });

  const wants = (demand: Partial<Demand>): Case => ({
    metering: { outputTokens: 10, demand: { ...NO_DEMAND, ...demand } },
  });

  it("holds for pictures, and for all that the model can read where the input is unseen", async () => {
    const pictures = await passed(wants({ imageTokens: 24_000 }));
    expect(pictures.agreement.metered?.inputTokens).toBe(100 + HIDDEN + 24_000);
    const unseen = await passed(wants({ readsUnseen: true }));
    expect(unseen.agreement.metered?.inputTokens).toBe(200_000);
  });

  it("holds for each call of a provider's tool, and bounds the calls where nobody did", async () => {
    const free = await passed(wants({ tools: ["unbilled"], toolCallsMax: 1 }));
    const own = 100 + HIDDEN;
    expect(free.agreement.metered?.inputTokens).toBe(2 * own + TOOL_RESULT_TOKENS);
    expect(free.toolCalls).toBeUndefined();
    const unbounded = await passed(wants({ tools: ["unbilled"] }));
    expect(unbounded.toolCalls).toBe(PROVIDER_TOOL_CALLS_DEFAULT);
    expect(unbounded.agreement.metered?.inputTokens).toBe(6 * own + 15 * TOOL_RESULT_TOKENS);
  });

  it("refuses a provider's tool that nobody priced where a budget meters the call", async () => {
    const refusal = await refused(wants({ tools: ["web_search"] }));
    expect(refusal).toMatchObject({ code: "price_unknown" });
    expect(refusal?.detail).toContain("web_search");
    expect(refusal?.remedy).toContain("web_search_usd");
    const free = await refused({ ...wants({ tools: ["web_search"] }), terms: { charges: [] } });
    expect(free).toBeUndefined();
  });

  it("refuses a tier that nobody priced, by its name", async () => {
    const refusal = await refused(wants({ tier: "priority" }));
    expect(refusal?.detail).toContain("in its priority tier");
  });

  it("asks no output of embeddings and sends no cap with them", async () => {
    const given = { metering: { bills: "input" as const }, terms: { outputTokens: 40 } };
    const { agreement, outputTokens } = await passed(given);
    expect(agreement.metered?.outputTokens).toBe(0);
    expect(outputTokens).toBeUndefined();
  });

  it("needs no price for a call that bills nothing", async () => {
    const { agreement, reservation } = await passed({
      metering: { bills: "nothing", model: "unheard-of" },
      terms: { charges: [metered(USD), metered(budget("calls", "calls"))] },
    });
    expect(agreement.metered).toBeUndefined();
    expect(reservation).toMatchObject({ holds: [{ amount: 1 }] });
  });

  it("charges a tool call the amount it names", async () => {
    const { reservation, outputTokens } = await passed({
      action: TOOL,
      metering: null,
      terms: { charges: [amount(USD, 49_990_000_000), metered(budget("calls", "calls"))] },
    });
    expect(reservation).toMatchObject({ holds: [{ amount: 49_990_000_000 }, { amount: 1 }] });
    expect(outputTokens).toBeUndefined();
  });

  it("refuses a model that nobody can price, with or without a budget", async () => {
    for (const charges of [TERMS.charges, []]) {
      const refusal = await refused({ metering: { model: "unheard-of" }, terms: { charges } });
      expect(refusal).toMatchObject({ code: "price_unknown" });
      expect(refusal?.detail).toContain('"unheard-of" of openai');
    }
  });

  it("says which budget is used up, how far, and until when", async () => {
    const { reservation } = await passed({ terms: { outputTokens: 100 } });
    const hold = reservation.kind === "held" ? reservation.holds[0] : undefined;
    if (hold === undefined) throw new Error("nothing was held");
    const refusal = await refused({ reply: { kind: "exhausted", hold, left: 120_000_000 } });
    expect(refusal?.code).toBe("budget_exceeded");
    expect(refusal?.detail).toBe(
      "Budget llm-day (10 USD per agent) has 0.12 USD left; this call may need 0.000002836 USD. " +
        "It resets at 2026-11-22T00:00:00.000Z.",
    );
    expect(refusal?.remedy).toContain("fewer output tokens");
    const empty = await refused({ reply: { kind: "exhausted", hold, left: 0 } });
    expect(empty?.remedy).toContain("ask the operator");
  });

  it("says of calls in a minute how long to wait, and tells no operator", async () => {
    const pace = budget("pace", "calls", { limit: 30, window: rollingWindow(millis(60_000)) });
    const { reservation } = await passed({ terms: { charges: [metered(pace)] } });
    const hold = reservation.kind === "held" ? reservation.holds[0] : undefined;
    if (hold === undefined) throw new Error("nothing was held");
    const { verdict, exhausted } = await run({ reply: { kind: "exhausted", hold, left: 0 } });
    expect(verdict).toMatchObject({
      refusal: {
        code: "rate_limited",
        detail: "Budget pace allows 30 calls in 60 s per agent.",
        remedy: "Wait 60 s, then send the same call again.",
        retryIn: 60_000,
        budget: "pace",
      },
    });
    expect(exhausted).toEqual([]);
  });

  it("refuses while budgets cannot be checked, and keeps the cause for the log", async () => {
    const cause = new Error("SQLITE_FULL");
    const refusal = await refused({ reply: { kind: "unreachable", cause } });
    expect(refusal).toMatchObject({ code: "budget_unavailable", cause });
    expect(refusal?.detail).not.toContain("SQLITE");
  });

  it.each([
    { wait: 1, retryIn: 1000 },
    { wait: 5000, retryIn: 5000 },
    { wait: 3_600_000, retryIn: 3_600_000 },
  ])("asks to retry a rate in $retryIn ms when it empties in $wait", async ({ wait, retryIn }) => {
    const { verdict, asked } = await run({ terms: { rates: [RATE] }, rates: emptyFor(wait) });
    expect(verdict).toMatchObject({
      refusal: { code: "rate_limited", retryIn, rules: ["models"] },
    });
    expect(asked).toEqual([]);
  });

  it("takes the worst case of tokens and money, and nothing where nothing is counted", async () => {
    const taken: number[][] = [];
    const rates: RateStore = {
      take: (_, claims) => {
        taken.push(claims.map(({ amount: taking }) => taking));
        return { kind: "taken", standings: [] };
      },
      end: () => undefined,
    };
    const limits: RateLimit[] = [
      RATE,
      { ...RATE, counts: "tokens" },
      { ...RATE, counts: "nano_usd" },
      { kind: "places", rule: id("models"), allowance: 1, scope: "agent" },
    ];
    const terms = { rates: limits, outputTokens: 40 };
    await passed({ terms, rates });
    await passed({ terms: { ...terms, charges: [amount(USD, 7)] }, metering: null, rates });
    await passed({ terms: { ...terms, charges: [] }, metering: { bills: "nothing" }, rates });
    const tokens = 100 + HIDDEN + 40;
    expect(taken).toEqual([
      [1, tokens, (100 + HIDDEN) * 3 + 40 * 10, 1],
      [1, 7, 1],
      [1, 1],
    ]);
  });

  it("refuses when the limits cannot be checked, and tells the cause to the log only", async () => {
    const cause = new Error("ECONNREFUSED 10.0.0.7:6379");
    const rates = { ...FULL, take: async () => ({ kind: "unreachable", cause }) as const };
    const refusal = await refused({ terms: { rates: [RATE] }, rates });
    expect(refusal).toMatchObject({ code: "limit_unavailable", cause });
    expect(refusal?.detail).not.toContain("10.0.0.7");
  });

  it("holds at least what any honest answer can cost, whatever the client claims", async () => {
    const claim = fc.oneof(fc.nat(5000), fc.double(), fc.constantFrom(-1, 1e300, Number.NaN));
    await fc.assert(
      fc.asyncProperty(
        claim,
        fc.option(claim, { nil: undefined }),
        fc.nat(4),
        async (inputTokens, outputTokens, choices) => {
          const { agreement } = await passed({ metering: { inputTokens, outputTokens, choices } });
          const bound = agreement.metered;
          if (bound === undefined) throw new Error("not metered");
          expect(Number.isSafeInteger(bound.held)).toBe(true);
          const usage = {
            input: bound.inputTokens,
            cacheRead: undefined,
            cacheWrite: undefined,
            output: bound.outputTokens,
            reasoning: undefined,
            source: "provider" as const,
          };
          const ending = { sent: true, status: 200, usage, model: undefined };
          const { settlements } = settlementsOf(agreement, ending, CATALOGUE);
          expect(settlements[0]?.amount).toBeLessThanOrEqual(bound.held);
        },
      ),
    );
  });

  const exhausted = (more: Partial<Budget>, left: number): ReserveReply => {
    const hold = holdsFor([metered({ ...USD, ...more })], PRINCIPAL, LLM, NOW, ONE).map(
      (line) => line.hold,
    )[0];
    if (hold === undefined) throw new Error("no hold");
    return { kind: "exhausted", hold, left };
  };
  const ONE = { nanoUsd: 1, inputTokens: 1, outputTokens: 1, calls: 1 };
  const CLAMP = { onExceed: { kind: "clamp" } } as const;
  const clamping = { charges: [metered({ ...USD, ...CLAMP })] };

  it("lowers the cap to what the rest buys, where the budget says so", async () => {
    const left = (100 + HIDDEN) * 3 + 500;
    const { outputTokens, clamped, asked, reservation, agreement } = await passed({
      terms: clamping,
      metering: { outputTokens: 4000 },
      reply: [exhausted(CLAMP, left), HELD],
    });
    expect(outputTokens).toBe(50);
    expect(clamped).toEqual({ budget: "llm-day", outputTokens: 50 });
    expect(asked.map(([attempt]) => attempt)).toEqual(["exc_1:1", "exc_1:2"]);
    expect(asked[1]?.[1][0]?.amount).toBe(left);
    expect(reservation).toMatchObject({ attempt: "exc_1:2" });
    expect(agreement.metered).toMatchObject({ outputTokens: 50, held: left });
  });

  it("shares the clamped rest between all the answers that were asked for", async () => {
    const left = (100 + HIDDEN) * 3 + 500;
    const { outputTokens, agreement } = await passed({
      terms: clamping,
      metering: { outputTokens: 4000, choices: 3 },
      reply: [exhausted(CLAMP, left), HELD],
    });
    expect(outputTokens).toBe(16);
    expect(agreement.metered?.held).toBeLessThanOrEqual(left);
  });

  it.each([
    ["too little is left for an answer", CLAMP, (100 + HIDDEN) * 3 + 159],
    ["not even the input is paid for", CLAMP, 10],
    ["nobody said so", {}, 1_000_000],
  ])("does not clamp when %s", async (_, more, left) => {
    const refusal = await refused({ terms: clamping, reply: exhausted(more, left) });
    expect(refusal?.code).toBe("budget_exceeded");
  });

  it("gives up when others take the rest again and again", async () => {
    const left = (100 + HIDDEN) * 3 + 500;
    const { verdict, asked } = await run({ terms: clamping, reply: exhausted(CLAMP, left) });
    expect(verdict).toMatchObject({ kind: "halt", refusal: { code: "budget_exceeded" } });
    expect(asked).toHaveLength(ATTEMPTS_MAX);
  });

  it("asks for another model where the budget says so", async () => {
    const onExceed = { kind: "downgrade", model: "small" } as const;
    const { verdict, exhausted: told } = await run({ reply: exhausted({ onExceed }, 7) });
    expect(verdict).toMatchObject({
      kind: "downgrade",
      model: "small",
      budget: "llm-day",
      refusal: { code: "budget_exceeded" },
    });
    expect(told).toEqual(["llm-day 7"]);
  });

  it("says what is left only of the budgets that tell", async () => {
    const told = { ...USD, tellsAgent: true };
    const terms = { charges: [metered(told), metered(budget("quiet", "calls"))] };
    const { budgets } = await passed({ terms, reply: { kind: "held", used: [4_000_000_000, 9] } });
    expect(budgets).toMatchObject([{ hold: { budget: told }, left: 6_000_000_000 }]);
    expect((await passed({})).budgets).toEqual([]);
  });
});
