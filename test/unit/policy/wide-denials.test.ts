import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { parseCel } from "../../../src/core/policy/cel.ts";
import { compilePolicies } from "../../../src/core/policy/compile-policy.ts";
import { ConditionScope } from "../../../src/core/policy/condition-scope.ts";
import { NO_SCHEMAS, type ToolSchemas } from "../../../src/core/policy/tool-schemas.ts";
import { facts, principal, tool } from "./policy-fixture.ts";

function warned(rule: string, tools: ToolSchemas = NO_SCHEMAS): string[] {
  const text = `version: 1\nagents: [bot]\nrules:\n  - ${rule}\n`;
  const reply = compilePolicies([{ file: "a.yaml", text }], tools);
  if (reply.kind === "problems") throw new Error(JSON.stringify(reply.problems));
  return reply.warnings.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe("a denial whose condition reads what a call may lack", () => {
  it("is warned of, with the place, and with both ways to say what is meant", () => {
    const text = `version: 1
agents: [bot]
rules:
  - id: no-large-payments
    tools: [bank.pay]
    when: agent == "bot" && args.amount > 100
    effect: deny
`;
    expect(compilePolicies([{ file: "a.yaml", text }])).toMatchObject({
      warnings: [
        {
          file: "a.yaml",
          line: 6,
          column: 34,
          message:
            "rule no-large-payments also denies every call without args.amount: its condition fails there",
          suggestion:
            "write has(args.amount) && (…) to spare them, !has(args.amount) || (…) to say so",
        },
      ],
    });
  });

  it.each([
    ["args.a == 1 || args.b == 2", ["args.a", "args.b"]],
    ["args.to.iban == 'x'", ["args.to"]],
    ["has(args.to) && args.to.iban == 'x'", ["args.to.iban"]],
    ["has(args.to.iban) && args.to.iban == 'x'", ["args.to"]],
    [`args["a"] == 1`, ["args.a"]],
    ["args.list.exists(entry, entry == args.a)", ["args.list", "args.a"]],
    ["has(args.a) || args.a == 1", ["args.a"]],
    ["principal.tags.env == 'prod'", ["principal.tags.env"]],
  ])("%s: %s", (when, paths) => {
    const rule = `{ id: r, tools: [a.b], when: ${JSON.stringify(when)}, effect: deny }`;
    const named = paths.map((path) => `without ${path}:`);
    expect(warned(rule)).toEqual(named.map((words) => expect.stringContaining(words)));
  });

  it.each([
    "has(args.a) && args.a == 1",
    "args.a == 1 && has(args.a)",
    "!has(args.a) || args.a == 1",
    "has(args.a) ? args.a == 1 : true",
    `"a" in args && args.a == 1`,
    "has(args.to) && has(args.to.iban) && args.to.iban == 'x'",
    "!(has(args.a) && args.a == 1)",
    "session.risk == 'HIGH' || tool.name == 'x'",
    "args.exists(name, name == 'a')",
  ])("is not warned of where it takes care of that: %s", (when) => {
    expect(warned(`{ id: r, tools: [a.b], when: ${JSON.stringify(when)}, effect: deny }`)).toEqual(
      [],
    );
  });

  it("is not warned of where it allows: then what fails does not apply", () => {
    expect(warned("{ id: r, tools: [a.b], when: args.a == 1, effect: allow }")).toEqual([]);
  });

  it("is not warned of where the pinned schemas of all its tools require the argument", () => {
    const pay: JsonObject = { type: "object", properties: { a: {}, b: {} }, required: ["a"] };
    const tools = new Map([["bank.pay", [pay]]]);
    const rule = (name: string) =>
      `{ id: r, tools: [bank.pay], when: args.${name} == 1, effect: deny }`;
    expect(warned(rule("a"), tools)).toEqual([]);
    expect(warned(rule("b"), tools)).toHaveLength(1);
  });

  it("is a matter of other calls too: a cap that a model call may lack", () => {
    expect(
      warned("{ id: r, llm: { models: ['*'] }, when: llm.output_tokens > 9, effect: deny }"),
    ).toEqual([expect.stringContaining("without llm.output_tokens:")]);
  });

  it("fails for no call where nothing was warned of", () => {
    const calls: JsonObject[] = [{}, { a: 0 }, { a: 2 }].flatMap((base) => [
      base,
      { ...base, b: {} },
      { ...base, b: { c: 1 } },
    ]);
    const { condition } = fc.letrec<{ condition: string }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 4, depthIdentifier: "condition" },
        fc.constantFrom(
          "has(args.a)",
          "has(args.b)",
          "has(args.b.c)",
          '"a" in args',
          "args.a > 1",
          'args["a"] < 1',
          "args.b.c == 1",
          "true",
        ),
        tie("condition").map((inner) => `!(${inner})`),
        fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a}) && (${b})`),
        fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a}) || (${b})`),
        fc
          .tuple(tie("condition"), tie("condition"), tie("condition"))
          .map(([test, yes, no]) => `(${test}) ? (${yes}) : (${no})`),
      ),
    }));
    fc.assert(
      fc.property(condition, (text) => {
        const reply = parseCel(text, "tool");
        if (reply.kind === "faults") throw new Error(JSON.stringify(reply.faults));
        if (reply.program.absentReads.length > 0) return;
        for (const args of calls) {
          const scope = new ConditionScope(principal(), tool("x.y", args), facts());
          expect(() => reply.program.run(scope)).not.toThrow();
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
