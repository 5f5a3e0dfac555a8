import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holdsFor } from "../../../src/core/money/holds.ts";
import { attemptId, id, instant, millis } from "../../../src/core/units.ts";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";
import { BUDGETS } from "../../support/native-api.ts";
import { LLM, metered, PRINCIPAL } from "../money/money-fixtures.ts";

const LEASE = millis(600_000);
let fixture: NativeFixture;

beforeEach(async () => void (fixture = await openNativeFixture()));
afterEach(() => fixture[Symbol.asyncDispose]());

/** One call of the support bot: held, and settled if a cost is given. */
async function spend(exchange: string, held: number, cost?: number): Promise<void> {
  // Dollars are counted in billions, tokens are not: each call is charged to what it can pay.
  const affordable = BUDGETS.filter(({ limit }) => limit >= held);
  const amounts = { nanoUsd: held, inputTokens: held, outputTokens: 0, calls: 1 };
  const charges = affordable.map((budget) => metered(budget));
  const principal = { ...PRINCIPAL, tenant: id("default") } as typeof PRINCIPAL;
  const lines = holdsFor(charges, principal, LLM, instant(fixture.clock.now), amounts);
  const attempt = attemptId(id(exchange), 1);
  await fixture.budgets.reserve(
    attempt,
    lines.map(({ hold }) => hold),
    LEASE,
  );
  if (cost === undefined) return;
  const settlements = lines.map(({ hold }) => {
    const amount = hold.budget.unit === "calls" ? 1 : cost;
    return { key: hold.key, amount, trailing: hold.trailing };
  });
  await fixture.budgets.settle(attempt, settlements);
}

const state = async (budget: string) =>
  (await fixture.ask("GET", `/core/v1/budgets?budget=${budget}`)).json.items;

describe("/core/v1/budgets", () => {
  it("shows what is spent, held, left and owed, and where it is going", async () => {
    await spend("exc_1", 5_000_000_000, 2_500_000_000);
    await spend("exc_2", 1_000_000_000);
    expect(await state("llm-day")).toEqual([
      {
        budget: "llm-day",
        instance: "support-bot",
        unit: "USD",
        limit: "10.000000000",
        spent: "2.500000000",
        held: "1.000000000",
        left: "6.500000000",
        debt: "0.000000000",
        per: ["agent"],
        window: "day@UTC",
        on_exceed: "deny",
        resets_at: "2026-11-22T00:00:00.000Z",
        forecast: { spent_at_end: "10.000000000", exhausted_at: "2026-11-22T00:00:00.000Z" },
      },
    ]);
    await spend("exc_3", 1, 9_000_000_000);
    expect(await state("llm-day")).toMatchObject([{ left: "0.000000000", debt: "1.500000000" }]);
    const holds = await fixture.ask("GET", "/core/v1/budgets/llm-day/holds?instance=support-bot");
    expect(holds.json.items).toEqual([
      { attempt: "exc_2:1", amount: "1.000000000", expires_at: "2026-11-21T06:10:00.000Z" },
    ]);
  });

  it("adds up the slices of a rolling window, and shows an unused budget at zero", async () => {
    expect(await state("calls")).toMatchObject([{ instance: "all", spent: "0", left: "1000000" }]);
    expect(await state("team-tokens")).toEqual([]);
    await spend("exc_1", 10, 5);
    fixture.clock.now += 1_800_000;
    await spend("exc_2", 10, 7);
    expect(await state("team-tokens")).toMatchObject([
      { instance: "support,gpt-4o", spent: "12", window: "rolling 3600s" },
    ]);
    fixture.clock.now += 2_000_000;
    expect(await state("team-tokens")).toMatchObject([{ spent: "7" }]);
    expect(await state("calls")).toMatchObject([{ spent: "2" }]);
  });

  it("corrects what is spent and puts who and why on the record", async () => {
    await spend("exc_1", 4_000_000_000, 4_000_000_000);
    const set = await fixture.ask("POST", "/core/v1/budgets/llm-day/set", {
      body: { instance: "support-bot", spent: "2.5", reason: "refunded" },
    });
    expect(set.json.items).toMatchObject([{ spent: "2.500000000" }]);
    const reset = await fixture.ask("POST", "/core/v1/budgets/llm-day/reset", {
      body: { reason: "ours" },
    });
    expect(reset.json.items).toMatchObject([{ spent: "0.000000000" }]);
    const changes = (await fixture.changes()).map(({ entry }) => entry);
    expect(changes.slice(-2)).toMatchObject([
      {
        change: "budget.set",
        about: "llm-day/support-bot",
        by: "admin",
        detail: { reason: "refunded", before: "4000000000", after: "2500000000", unit: "nano_usd" },
      },
      { change: "budget.reset", detail: { reason: "ours", before: "2500000000", after: "0" } },
    ]);
  });

  it("records a correction for the tenant that made it", async () => {
    const tenant = { id: "acme", name: "Acme", plan: "enterprise" };
    const key = (await fixture.ask("POST", "/core/v1/tenants", { body: tenant })).json.admin_key;
    const body = { instance: "their-bot", spent: "1", reason: "theirs" };
    const set = await fixture.ask("POST", "/core/v1/budgets/llm-day/set", { body, key });
    expect(set.status).toBe(200);
    const change = (await fixture.changes()).at(-1)?.entry;
    expect(change).toMatchObject({ about: "llm-day/their-bot", detail: { tenant: "acme" } });
  });

  it("takes an instance that nobody used yet, and no amount that is not one", async () => {
    const set = (spent: string, budget = "llm-day") =>
      fixture.ask("POST", `/core/v1/budgets/${budget}/set`, {
        body: { instance: "new|bot", spent, reason: "r" },
      });
    expect((await set("1")).json.items).toMatchObject([{ instance: "new|bot" }]);
    for (const spent of ["-1", "NaN", "1e400", "9007199.254740992", "0.0000000001", ""]) {
      expect((await set(spent)).status).toBe(400);
    }
    expect((await set("1.5", "team-tokens")).status).toBe(400);
    expect((await set("1", "nothing")).status).toBe(404);
  });
});

describe("/core/v1/usage", () => {
  const cell = {
    day: "2026-11-21",
    agent: "a",
    tenant: "default",
    team: "",
    user: "",
    upstream: "o",
    model: "m",
    tool: "",
  };
  const counts = {
    calls: 1,
    refused: 0,
    inputTokens: 10,
    outputTokens: 2,
    nanoUsd: 3,
    estimated: 0,
  };

  it("sums by what it is asked for, dearest first, as JSON and as CSV", async () => {
    fixture.usage.add(cell, counts);
    fixture.usage.add(cell, counts);
    fixture.usage.add({ ...cell, agent: '=a,"b"', model: "dear" }, { ...counts, nanoUsd: 50 });
    fixture.usage.add({ ...cell, day: "2026-01-01" }, counts);
    const report = await fixture.ask("GET", "/core/v1/usage?by=agent,model");
    expect(report.json).toMatchObject({
      from: "2026-10-23",
      to: "2026-11-21",
      truncated: false,
      items: [
        { agent: '=a,"b"', model: "dear", calls: 1, cost_usd: "0.000000050" },
        { agent: "a", model: "m", calls: 2, input_tokens: 20, cost_usd: "0.000000006" },
      ],
    });
    const csv = await fixture.ask("GET", "/core/v1/usage?by=agent&model=dear&format=csv");
    expect(csv.text).toBe(
      "agent,calls,refused,input_tokens,output_tokens,cost_usd,estimated\r\n" +
        `"'=a,""b""",1,0,10,2,0.000000050,0\r\n`,
    );
    const year = await fixture.ask("GET", "/core/v1/usage?by=day&from=2026-01-01");
    expect(year.json.items).toHaveLength(2);
    expect((await fixture.ask("GET", "/core/v1/usage?by=colour")).status).toBe(400);
  });
});
