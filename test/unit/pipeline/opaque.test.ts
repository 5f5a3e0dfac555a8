import { describe, expect, it } from "vitest";
import { OPAQUE_DETAIL, toldOfFindings, toldTo } from "../../../src/pipeline/opaque.ts";
import { id, type RuleId } from "../../../src/core/units.ts";
import { compiled, principal } from "../policy/policy-fixture.ts";

const REFUSAL = {
  code: "definition_changed",
  detail: "crm.send is no longer what was approved.",
  remedy: "Ask an operator.",
  rules: [id<RuleId>("secret-rule")],
} as const;

const { snapshot } = compiled(
  "version: 1\nagents: [bot]\ndenials: opaque\n",
  "version: 1\nagents: [other]\ndenials: explain\n",
);

describe("a no", () => {
  it("says nothing but that, where policy wants it opaque; the cause stays with the operator", () => {
    const told = toldTo(principal("bot"), snapshot, REFUSAL);
    expect(told).toMatchObject({ code: "policy_denied", detail: OPAQUE_DETAIL });
    const { cause, ...said } = told;
    expect(JSON.stringify(said)).not.toMatch(/secret-rule|approved|changed/);
    expect(cause?.message).toContain("crm.send is no longer what was approved");
  });

  it("says as little of what was found, and all of what an agent must know to act on it", () => {
    const found = { code: "request_blocked", detail: "Rule keys found a key." } as const;
    const bot = { principal: principal("bot"), snapshot };
    const anybody = { principal: principal("other"), snapshot };
    expect(toldOfFindings(bot, found).detail).toBe(OPAQUE_DETAIL);
    expect(toldOfFindings(anybody, found)).toBe(found);
    expect(toldOfFindings(undefined, found)).toBe(found);
    const other = { code: "budget_exceeded", detail: "Budget day has too little left." } as const;
    expect(toldOfFindings(bot, other)).toBe(other);
  });

  it("is explained to everybody else", () => {
    expect(toldTo(principal("other"), snapshot, REFUSAL)).toBe(REFUSAL);
  });
});
