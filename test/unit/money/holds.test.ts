import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import type { Charge } from "../../../src/core/decision.ts";
import type { Budget } from "../../../src/core/money/budget.ts";
import { holdsFor } from "../../../src/core/money/holds.ts";
import { formatAmount, formatUsd } from "../../../src/core/money/usd.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { rollingWindow } from "../../../src/core/money/window.ts";
import { id, instant, millis } from "../../../src/core/units.ts";
import { amount, budget, HTTP, LLM, metered, NOW, PRINCIPAL, TOOL } from "./money-fixtures.ts";

const AMOUNTS = { nanoUsd: 700, inputTokens: 30, outputTokens: 20, calls: 1 };
const FREE = { nanoUsd: 0, inputTokens: 0, outputTokens: 0, calls: 1 };

const lines = (charges: readonly Charge[], action: Action = LLM, principal = PRINCIPAL) =>
  holdsFor(charges, principal, action, NOW, AMOUNTS);
const keyOf = (of: Budget, action: Action = LLM, principal: Principal = PRINCIPAL) =>
  holdsFor([amount(of, 1)], principal, action, NOW, FREE)[0]?.hold.key;

describe("holdsFor", () => {
  it("sets aside the worst case in the unit of each budget", () => {
    const charges = [
      metered(budget("usd", "nano_usd")),
      metered(budget("tokens", "tokens")),
      metered(budget("input", "input_tokens")),
      metered(budget("output", "output_tokens")),
      metered(budget("calls", "calls")),
      amount(budget("payments", "nano_usd"), 42),
    ];
    expect(lines(charges).map(({ hold }) => hold.amount)).toEqual([700, 50, 30, 20, 1, 42]);
  });

  it("names budget, instance and turn, and says when it resets", () => {
    const [line] = lines([metered(budget("llm-day", "nano_usd"))]);
    expect(line?.hold.key).toBe("acme|llm-day|support-bot|day:2026-11-21@UTC");
    expect(line?.hold.resetsAt).toBe(Date.parse("2026-11-22T00:00:00Z"));
    const lifetime = budget("all-time", "nano_usd", { window: { kind: "lifetime" } });
    const session = budget("run", "nano_usd", { window: { kind: "session" } });
    expect(lines([metered(lifetime)])[0]?.hold).toMatchObject({
      key: "acme|all-time|support-bot|lifetime",
      resetsAt: undefined,
    });
    expect(keyOf(session)).toBe("acme|run|support-bot|session:support-bot/run-1");
  });

  it.each([
    [[], LLM, "all"],
    [["tenant"], LLM, "acme"],
    [["agent"], LLM, "support-bot"],
    [["session"], LLM, "support-bot/run-1"],
    [["team"], LLM, "support"],
    [["user"], LLM, ""],
    [["run"], LLM, "support-bot/"],
    [["model"], LLM, "gpt-4o"],
    [["model"], TOOL, ""],
    [["upstream"], HTTP, "github"],
    [["tool"], TOOL, "crm/read_user"],
    [["tool"], LLM, ""],
    [["tag.customer"], LLM, ""],
    [["team", "model"], LLM, "support,gpt-4o"],
  ] as const)("per %j makes an instance of %o", (per, action, instance) => {
    const window = { kind: "lifetime" } as const;
    expect(keyOf(budget("b", "calls", { per, window }), action)).toBe(
      `acme|b|${instance}|lifetime`,
    );
  });

  it("takes users, runs and tags from the principal, and runs only with their agent", () => {
    const who = { ...PRINCIPAL, user: "u,1", run: "r", tags: { customer: "c|2" } };
    const window = { kind: "lifetime" } as const;
    const instance = (per: Budget["per"]) => keyOf(budget("b", "calls", { per, window }), LLM, who);
    expect(instance(["user"])).toBe("acme|b|u%2C1|lifetime");
    expect(instance(["run"])).toBe("acme|b|support-bot/r|lifetime");
    expect(instance(["tag.customer"])).toBe("acme|b|c%7C2|lifetime");
    expect(instance(["user", "tag.customer"])).toBe("acme|b|u%2C1,c%7C2|lifetime");
  });

  it("charges only the calls that the budget is for", () => {
    const only = [
      { scope: "team", values: ["support", "sales"] },
      { scope: "model", values: ["gpt-4o"] },
    ] as const;
    const narrow = metered(budget("b", "calls", { only }));
    expect(lines([narrow])).toHaveLength(1);
    expect(lines([narrow], { ...LLM, model: "gpt-5" })).toEqual([]);
    expect(lines([narrow], LLM, { ...PRINCIPAL, team: undefined })).toEqual([]);
    const tools = metered(
      budget("t", "calls", { only: [{ scope: "tool", values: ["crm.read_user"] }] }),
    );
    expect(lines([tools], TOOL)).toHaveLength(1);
    expect(lines([tools], { ...TOOL, tool: "drop" })).toEqual([]);
  });

  it("counts a rolling window by slices that together cover it", () => {
    const window = rollingWindow(millis(3_600_000));
    const [line] = lines([metered(budget("r", "calls", { window }))]);
    expect(line?.hold.key).toBe("acme|r|support-bot|rolling:3600s/120s:2026-11-21T10:30:00.000Z");
    expect(line?.hold.trailing).toHaveLength(30);
    expect(line?.hold.trailing.at(-1)).toMatch(/T09:30:00\.000Z$/);
    expect(line?.hold.resetsAt).toBeUndefined();
  });

  it("keeps balances as long as they can be asked for", () => {
    const DAY_MS = 86_400_000;
    const kept = (more: Partial<Budget>) =>
      lines([metered(budget("b", "calls", more))])[0]?.hold.keepUntil;
    const midnight = Date.parse("2026-11-22T00:00:00Z");
    expect(kept({})).toBe(midnight + 35 * DAY_MS);
    expect(kept({ per: ["session"] })).toBe(midnight + 2 * DAY_MS);
    expect(kept({ window: { kind: "session" } })).toBe(NOW + 30 * DAY_MS);
    expect(kept({ window: { kind: "lifetime" }, per: ["run"] })).toBe(NOW + 30 * DAY_MS);
    expect(kept({ window: { kind: "lifetime" } })).toBeUndefined();
  });

  it("meters one exchange once, whichever number of rules charge the same budget", () => {
    const usd = budget("usd", "nano_usd");
    expect(lines([metered(usd), metered(usd)])).toMatchObject([
      { hold: { amount: 700 }, metered: 700, fixed: 0 },
    ]);
  });

  it("adds amounts that the call names to what is metered", () => {
    const usd = budget("usd", "nano_usd");
    const expected = [{ hold: { amount: 750 }, metered: 700, fixed: 50 }];
    expect(lines([metered(usd), amount(usd, 20), amount(usd, 30)])).toMatchObject(expected);
    expect(lines([amount(usd, 20), metered(usd), amount(usd, 30)])).toMatchObject(expected);
  });

  it("leaves out what costs nothing, but for a model that could be replaced by a dearer one", () => {
    const usd = metered(budget("usd", "nano_usd"));
    expect(holdsFor([usd], PRINCIPAL, TOOL, NOW, FREE)).toEqual([]);
    const gratis = { nanoUsd: 0, inputTokens: 50, outputTokens: 0, calls: 1 };
    expect(holdsFor([usd], PRINCIPAL, LLM, NOW, gratis)).toHaveLength(1);
  });

  it("never gives two instances one key, whatever they are called", () => {
    const name = fc.oneof(fc.string({ maxLength: 6 }), fc.stringMatching(/^[a|/%:.]{0,5}$/));
    const who = fc.record({
      tenant: name,
      agent: name,
      session: name,
      budget: name,
      model: name,
      per: fc.constantFrom<Budget["per"]>(
        [],
        ["agent"],
        ["session"],
        ["model"],
        ["model", "agent"],
      ),
      window: fc.constantFrom<Budget["window"]>({ kind: "session" }, { kind: "lifetime" }),
    });
    type Who = typeof who extends fc.Arbitrary<infer T> ? T : never;
    const key = ({ tenant, agent, session, budget: of, model, per, window }: Who) =>
      keyOf(
        budget(of, "calls", { per, window }),
        { ...LLM, model },
        { ...PRINCIPAL, tenant: id(tenant), agent: id(agent), session: id(session) },
      );
    const identity = ({ tenant, agent, session, budget: of, model, per, window }: Who) => {
      const run = [agent, session];
      const parts: Readonly<Record<string, unknown>> = { agent, session: run, model };
      const turn = window.kind === "session" ? run : "";
      const instance = per.map((scope) => parts[scope]);
      return JSON.stringify([tenant, of, instance, window.kind, turn]);
    };
    fc.assert(
      fc.property(who, who, (a, b) => {
        // One budget has one `per`: two that differ in it are two budgets.
        const other = { ...b, per: a.budget === b.budget ? a.per : b.per };
        if (identity(a) !== identity(other)) expect(key(a)).not.toBe(key(other));
        else expect(key(a)).toBe(key(other));
      }),
      { numRuns: 500 },
    );
  });

  it("moves to a new key when the window turns", () => {
    const day = metered(budget("d", "calls"));
    const keyAt = (time: string) =>
      holdsFor([day], PRINCIPAL, LLM, instant(Date.parse(time)), AMOUNTS)[0]?.hold.key;
    expect(keyAt("2026-11-21T23:59:59.999Z")).toBe("acme|d|support-bot|day:2026-11-21@UTC");
    expect(keyAt("2026-11-22T00:00:00.000Z")).toBe("acme|d|support-bot|day:2026-11-22@UTC");
  });
});

describe("amounts in words", () => {
  it.each([
    [0, "0 USD"],
    [1, "0.000000001 USD"],
    [2_500_000_000, "2.50 USD"],
    [10_000_000_000, "10 USD"],
    [123_456_789_012, "123.456789012 USD"],
    [Number.MAX_SAFE_INTEGER, "9007199.254740991 USD"],
  ])("%i nano-USD is %s", (nano, text) => {
    expect(formatUsd(nano)).toBe(text);
  });

  it("says tokens and calls by name", () => {
    expect(formatAmount("tokens", 5)).toBe("5 tokens");
    expect(formatAmount("calls", 1)).toBe("1 call");
    expect(formatAmount("calls", 2)).toBe("2 calls");
    expect(formatAmount("nano_usd", 1_000_000)).toBe("0.001 USD");
  });
});
