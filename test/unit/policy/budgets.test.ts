import { describe, expect, it } from "vitest";
import { compiled, problemsOf } from "./policy-fixture.ts";

const policy = (budget: string) => `version: 1
agents: [bot]
budgets:
  b: ${budget}
rules:
  - { id: r, llm: { models: ["*"] }, effect: allow, charge: b }
`;
const budgetOf = (text: string) => compiled(policy(text)).budgets[0]?.budget;
const problem = (text: string) => problemsOf(policy(text));

describe("a budget in a policy file", () => {
  it.each([
    ["10 USD", "nano_usd", 10_000_000_000],
    ["0.000000001 USD", "nano_usd", 1],
    ["2e3 tokens", "tokens", 2000],
    ["5 input_tokens", "input_tokens", 5],
    ["5 output_tokens", "output_tokens", 5],
    ["0 calls", "calls", 0],
    ["9007199.254740991 USD", "nano_usd", Number.MAX_SAFE_INTEGER],
  ])("limits %s", (limit, unit, amount) => {
    const budget = budgetOf(`{ limit: ${limit}, per: all, window: day }`);
    expect(budget).toMatchObject({ unit, limit: amount, per: [] });
  });

  it.each([
    "-1 USD",
    "NaN USD",
    "Infinity USD",
    "1e99 USD",
    "9007199.254740992 USD",
    "0.0000000001 USD",
    "0.5 calls",
    "1.5 tokens",
    "10",
    "USD",
    "10 USD USD",
    "1,000 USD",
    "0x10 calls",
  ])("does not limit %s", (limit) => {
    const [only] = problem(`{ limit: "${limit}", per: all, window: day }`);
    expect(only).toMatch(/^4:\d+ .* → write an? amount/);
  });

  it.each([
    ["10 EUR", "EUR is not converted: money is counted in USD → write the amount in USD"],
    ["10 usd", "usd is no unit → did you mean USD?"],
    ["10 token", "token is no unit → did you mean tokens?"],
    ["0.5 calls", "0.5 calls cannot be counted exactly → write an amount from 0 to"],
    ["1e-10 USD", "with at most nine decimals"],
  ])("says of %s what is wrong with it", (limit, message) => {
    expect(problem(`{ limit: "${limit}", per: all, window: day }`).join()).toContain(message);
  });

  it.each([
    ["agent", ["agent"]],
    ["[team, model]", ["team", "model"]],
    ["tag.customer", ["tag.customer"]],
    ["user", ["user"]],
    ["run", ["run"]],
    ["tenant", ["tenant"]],
  ])("is counted per %s", (per, scopes) => {
    expect(budgetOf(`{ limit: 1 USD, per: ${per}, window: day }`)?.per).toEqual(scopes);
  });

  it.each([
    ["agents", "per: agents is no scope → did you mean agent?"],
    ["tag.", "per: tag. is no scope → known: all"],
    ["[team, team]", "team is named twice → remove one of them"],
    ["[all, team]", "per: all is no scope"],
  ])("is not counted per %s", (per, message) => {
    expect(problem(`{ limit: 1 USD, per: ${per}, window: day }`).join()).toContain(message);
  });

  it.each([
    ["week, tz: Europe/Zurich", { kind: "calendar", every: "week", tz: "Europe/Zurich" }],
    ["rolling 24h", { kind: "rolling", length: 86_400_000, slice: 3_600_000 }],
    ["rolling 90s", { kind: "rolling", length: 90_000, slice: 5000 }],
    ["session", { kind: "session" }],
  ])("has a window of %s", (window, expected) => {
    expect(budgetOf(`{ limit: 1 USD, per: all, window: ${window} }`)?.window).toEqual(expected);
  });

  it.each([
    ["weekly", "weekly is no window → did you mean week?"],
    ["rolling", "rolling is no window"],
    ["rolling 5", "5 is not a duration → for example rolling 24h"],
    ["rolling 1s", "a rolling window of 1s is not kept → write from rolling 10s to rolling 60d"],
    ["rolling 61d", "a rolling window of 61d is not kept"],
    ["rolling 1h, tz: UTC", "a rolling window has no time zone → remove tz"],
    ["day, tz: Europe/Zurch", "Europe/Zurch is no time zone"],
  ])("has no window of %s", (window, message) => {
    expect(problem(`{ limit: 1 USD, per: all, window: ${window} }`).join()).toContain(message);
  });

  it("tells at percentages, and says what becomes of calls that do not fit", () => {
    const more = "notify_at: [80, 50, 80], tell_agent: true, on_exceed";
    expect(budgetOf(`{ limit: 1 USD, per: all, window: day, ${more}: clamp }`)).toMatchObject({
      notifyAt: [50, 80],
      tellsAgent: true,
      onExceed: { kind: "clamp" },
    });
    const moved = budgetOf(`{ limit: 1 USD, per: all, window: day, ${more}: { downgrade: m } }`);
    expect(moved?.onExceed).toEqual({ kind: "downgrade", model: "m" });
    expect(budgetOf("{ limit: 1 USD, per: all, window: day }")?.onExceed).toEqual({ kind: "deny" });
    const answered = budgetOf("{ limit: 1 USD, per: all, window: day, status: 402 }");
    expect(answered?.status).toBe(402);
  });

  it.each([
    ["limit: 5 calls, on_exceed: clamp", "a shorter answer saves no calls"],
    ["limit: 5 input_tokens, on_exceed: clamp", "a shorter answer saves no input tokens"],
    ["limit: 1 USD, on_exceed: cheaper", "on_exceed"],
    ["limit: 1 USD, on_exceed: { downgrade: '' }", "downgrade is empty"],
    ["limit: 1 USD, status: 403", "status"],
    ["limit: 1 USD, notify_at: [0]", "it must be a whole number from 1 to 1000"],
    ["limit: 1 USD, notify_at: [50.5]", "a whole number"],
    ["limit: 1 USD, for: { planet: earth }", "for: planet is no scope"],
  ])("is refused with %s", (rest, message) => {
    expect(problem(`{ ${rest}, per: all, window: day }`).join("\n")).toContain(message);
  });

  it("is for some calls only, where it says so", () => {
    const only = "for: { team: [a, b], tag.env: prod }";
    expect(budgetOf(`{ limit: 1 USD, per: all, window: day, ${only} }`)?.only).toEqual([
      { scope: "team", values: ["a", "b"] },
      { scope: "tag.env", values: ["prod"] },
    ]);
  });
});
