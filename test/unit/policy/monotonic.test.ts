import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePolicies } from "../../../src/core/policy/compile-policy.ts";
import { facts, principal, tool } from "./policy-fixture.ts";

const STRENGTH = { deny: 2, conditional: 2, escalate: 1, allow: 0 } as const;

const rule = fc.record({
  tools: fc.constantFrom("a.x", "a.*", "b.*", "*", "*.x"),
  effect: fc.constantFrom("allow", "deny", "approve"),
  when: fc.constantFrom(undefined, "args.n > 1", "args.missing == 1"),
  mode: fc.constantFrom("enforce", "shadow", "off"),
});
const call = fc.record({ name: fc.constantFrom("a.x", "a.y", "b.x", "c.z"), n: fc.nat(3) });

type Rule = typeof rule extends fc.Arbitrary<infer R> ? R : never;

function decideBy(rules: readonly Rule[], { name, n }: { name: string; n: number }) {
  return snapshotOf(rules).decide(principal(), tool(name, { n }), facts());
}

function snapshotOf(rules: readonly Rule[]) {
  const text = `version: 1\nagents: [bot]\nrules:${rules.length === 0 ? " []" : ""}\n${rules
    .map(({ tools, effect, when, mode }, i) => {
      const condition = when === undefined ? "" : `, when: '${when}'`;
      return `- { id: r${i}, tools: ["${tools}"], effect: ${effect}, mode: "${mode}"${condition} }`;
    })
    .join("\n")}\n`;
  const reply = compilePolicies([{ file: "p.yaml", text }]);
  if (reply.kind === "problems") throw new Error(JSON.stringify(reply.problems));
  return reply.snapshot;
}

describe("policies", () => {
  it("decide the same in whatever order their rules stand", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), call, (rules, asked) => {
        const one = decideBy(rules, asked);
        const other = decideBy(rules.toReversed(), asked);
        expect(other.kind).toBe(one.kind);
      }),
      { numRuns: 150 },
    );
  });

  it("never grow wider by a rule that denies or wants approval", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), rule, call, (rules, added, asked) => {
        fc.pre(added.effect === "deny");
        const before = decideBy(rules, asked);
        const after = decideBy([...rules, added], asked);
        expect(STRENGTH[after.kind]).toBeGreaterThanOrEqual(STRENGTH[before.kind]);
      }),
      { numRuns: 150 },
    );
  });

  it("allow nothing that no obeyed allow or approve rule selects", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), call, (rules, asked) => {
        const obeyed = rules.filter(({ effect, mode }) => effect !== "deny" && mode === "enforce");
        if (obeyed.length === 0) expect(decideBy(rules, asked).kind).toBe("deny");
      }),
      { numRuns: 150 },
    );
  });

  it("show in lists whatever could be called, and without conditions nothing else", () => {
    const anyArguments = [0, 1, 2, 3].flatMap((n) => [{ n }, { n, missing: 1 }]);
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), call, (rules, { name }) => {
        const snapshot = snapshotOf(rules);
        const shown = snapshot.mayAllow(principal(), tool(name));
        const callable = anyArguments.some(
          (args) => snapshot.decide(principal(), tool(name, args), facts()).kind !== "deny",
        );
        if (callable) expect(shown).toBe(true);
        if (rules.every(({ when }) => when === undefined)) expect(shown).toBe(callable);
      }),
      { numRuns: 300 },
    );
  });
});
