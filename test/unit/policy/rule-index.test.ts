import { describe, expect, it } from "vitest";
import type { CompiledRule } from "../../../src/core/policy/compiled-rule.ts";
import { buildIndex, candidatesOf } from "../../../src/core/policy/rule-index.ts";
import { foldedKeyOf, keyOf, misfitOf } from "../../../src/core/policy/selector.ts";
import { compiled, facts, principal, rulesOf, tool } from "./policy-fixture.ts";

function many(count: number): string {
  const rules = Array.from({ length: count }, (_, i) => {
    const glob = ["exact.tool", "prefix.read_*", "deep.*_x"][i % 3]?.replace(".", `${i}.`);
    return `- { id: r${i}, tools: ["${glob}"], when: args.n == ${i}, effect: allow }\n`;
  });
  return rulesOf(`${rules.join("")}- { id: hit, tools: ["crm.read_*"], effect: allow }\n`);
}

describe("the rule index", () => {
  it("meets the same few rules, however many cannot match", () => {
    const met = [15, 150, 1500].map((count) => {
      const index = buildIndex(compiled(many(count)).rules);
      return candidatesOf(index, "crm.read_user", "CRM.READ_USER").length;
    });
    expect(met).toEqual([1, 1, 1]);
  });

  it("misses no rule that a look at all of them finds", () => {
    const texts = ["a.b", "a.*", "*", "*.b", "a.b*c", "ab*", "a.bc"];
    const rules = texts.map(
      (text, i) =>
        `- { id: r${i}, tools: ["${text}"], effect: ${i % 2 === 0 ? "allow" : "deny"} }\n`,
    );
    const all = compiled(rulesOf(rules.join(""))).rules;
    const index = buildIndex(all);
    for (const name of ["a.b", "a.bc", "a.bxc", "ab.x", "c.b", "z.z", "a.x", "A.B", "a. b "]) {
      const fits = (rule: CompiledRule) => misfitOf(rule.selector, tool(name)) === undefined;
      const found = candidatesOf(index, keyOf(tool(name)), foldedKeyOf(tool(name))).filter(fits);
      expect(found.map(({ id }) => id)).toEqual(all.filter(fits).map(({ id }) => id));
    }
  });

  it("keeps answers bounded and right however many names a client invents", () => {
    const { snapshot } = compiled(many(30));
    for (let i = 0; i < 2000; i += 1) {
      const name = `crm.read_${i}${"x".repeat(i % 400)}`;
      expect(snapshot.decide(principal(), tool(name), facts()).kind).toBe("allow");
      expect(snapshot.decide(principal(`cat-${i}`), tool(name), facts()).kind).toBe("deny");
    }
    expect(snapshot.decide(principal(), tool("crm.write"), facts()).kind).toBe("deny");
  });
});
