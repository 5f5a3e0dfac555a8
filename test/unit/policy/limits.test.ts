import { describe, expect, it } from "vitest";
import { compiled, facts, llm, principal, problemsOf, rulesOf } from "./policy-fixture.ts";

function ratesOf(limits: string) {
  const text = rulesOf(`- { id: a, llm: { models: ["*"] }, effect: allow, limits: ${limits} }`);
  const decision = compiled(text).snapshot.decide(principal(), llm("gpt-5"), facts());
  return decision.kind === "allow" ? decision.terms.rates : decision;
}

const problemOf = (limits: string, rule = 'llm: { models: ["*"] }'): string | undefined =>
  problemsOf(rulesOf(`- { id: a, ${rule}, effect: allow, limits: ${limits} }`))[0];

describe("limits of a rule", () => {
  it("count calls, tokens and money in a time, and calls at the same time", () => {
    const limits = "{ requests: 60/min, tokens: 200000/h, spend: 2.50 USD/min, concurrent: 4 }";
    expect(ratesOf(limits)).toEqual([
      { kind: "rate", rule: "a", counts: "requests", allowance: 60, per: 60_000, scope: "agent" },
      {
        kind: "rate",
        rule: "a",
        counts: "tokens",
        allowance: 200_000,
        per: 3_600_000,
        scope: "agent",
      },
      {
        kind: "rate",
        rule: "a",
        counts: "nano_usd",
        allowance: 2_500_000_000,
        per: 60_000,
        scope: "agent",
      },
      { kind: "places", rule: "a", allowance: 4, scope: "agent" },
    ]);
  });

  it("name their scope, and may be several", () => {
    const limits = "{ requests: [5/s, 1000/day per team], concurrent: [2 per session, 9 per all] }";
    expect(ratesOf(limits)).toMatchObject([
      { allowance: 5, per: 1000, scope: "agent" },
      { allowance: 1000, per: 86_400_000, scope: "team" },
      { allowance: 2, scope: "session" },
      { allowance: 9, scope: "all" },
    ]);
  });

  it.each([
    ["{ requests: 60 }", "requests is"],
    ["{ requests: 0/min }", "0/min is not a rate → write 60/min"],
    ["{ requests: 1.5/min }", "1.5/min is not a rate"],
    ["{ requests: 60/fortnight }", "60/fortnight is not a rate"],
    ["{ requests: 60/min per planet }", "names no scope"],
    ["{ requests: 60/min per team per tool }", "names no scope"],
    ["{ requests: 2 USD/min }", "is not a rate"],
    ["{ spend: 2/min }", "2/min is not a rate → write 2 USD/min"],
    ["{ spend: 2 EUR/min }", "is not a rate"],
    ["{ spend: -2 USD/min }", "is not a rate"],
    ["{ spend: 9007200 USD/min }", "is not a rate"],
    ["{ spend: 0.0000000001 USD/min }", "is not a rate"],
    ["{ spend: NaN USD/min }", "is not a rate"],
    ["{ tokens: 9e9/min }", "is not a rate"],
    ["{ concurrent: 0 }", "must be"],
    ["{ concurrent: 1.5 per team }", "is not a number of calls"],
    ["{ requests: [5/s, 7/s] }", "the same calls in the same time twice"],
    ["{ concurrent: [5, 7 per agent] }", "twice"],
  ])("refuse %s", (limits, problem) => {
    expect(problemOf(limits)).toContain(problem);
  });

  it("that nothing could ever use up are problems", () => {
    expect(problemOf("{ tokens: 5/min }", "tools: [a.b]")).toContain("counts LLM calls only");
    expect(problemOf("{ spend: 5 USD/min }", "tools: [a.b]")).toContain("sees no money");
  });
});
