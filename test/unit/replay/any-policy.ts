/** Any policies and any calls, for properties. */
import fc from "fast-check";
import { compiled, principal, tool } from "../policy/policy-fixture.ts";
import type { MadeCall } from "./replay-fixture.ts";

const NAMES = ["crm.read", "crm.write", "pay.send"] as const;
const CONDITIONS = [
  undefined,
  "args.n > 1",
  "args.n > 1 || tool.name == 'read'",
  "args.missing == 1",
  "session.marks.exists(m, m == 'seen')",
  "principal.user == 'ann'",
  "team == 'ops' && args.n < 3",
  "findings.exists(f, f.score > 50)",
  "now > timestamp('2026-11-20T00:00:00Z')",
] as const;
const rule = fc.record({
  tools: fc.constantFrom("*", "crm.*", ...NAMES),
  effect: fc.constantFrom("allow", "allow", "approve", "deny"),
  when: fc.constantFrom(...CONDITIONS),
  mode: fc.constantFrom("enforce", "enforce", "shadow"),
});
/** Rules that overlap, some of which read what no record holds. */
export const anyPolicy = fc.array(rule, { maxLength: 6 }).map((rules) =>
  compiled(
    `version: 1\nagents: [bot]\nrules:${rules.length === 0 ? " []" : ""}\n${rules
      .map(({ tools, effect, when, mode }, i) => {
        const condition = when === undefined ? "" : `, when: "${when}"`;
        return `- { id: r${i}, tools: ["${tools}"], effect: ${effect}, mode: ${mode}${condition} }`;
      })
      .join("\n")}\n`,
  ),
);
export const anyCall: fc.Arbitrary<MadeCall> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    n: fc.nat(4),
    marks: fc.constantFrom([], ["seen"]),
    user: fc.constantFrom(undefined, "ann", "bob"),
    team: fc.constantFrom(undefined, "ops"),
    at: fc.constantFrom(Date.parse("2026-11-19T10:00:00Z"), Date.parse("2026-11-21T10:00:00Z")),
  })
  .map(({ name, n, marks, user, team, at }) => ({
    action: tool(name, { n }),
    principal: { ...principal("bot", team), user },
    facts: { marks },
    at,
  }));
