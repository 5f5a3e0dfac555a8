import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { compilePolicies } from "../../../src/core/policy/compile-policy.ts";
import type { ToolSchemas } from "../../../src/core/policy/tool-schemas.ts";

const PAY: JsonObject = {
  type: "object",
  properties: {
    amount: { type: "number" },
    currency: { type: "string" },
    to: { type: "object", properties: { iban: { type: "string" } }, required: ["iban"] },
    extra: { type: "object" },
    memo: { anyOf: [{ type: "string" }, { type: "object" }] },
  },
};
const TOOLS: ToolSchemas = new Map<string, readonly JsonObject[]>([
  ["bank.pay", [PAY]],
  ["bank.read", [{ type: "object", properties: { account: {} }, additionalProperties: false }]],
  ["web.fetch", [{ type: "object", properties: { url: {} }, additionalProperties: true }]],
]);

function problems(tools: string, when: string): string[] {
  const text = `version: 1
agents: [bot]
rules:
  - id: a
    tools: [${tools}]
    when: ${when}
    effect: allow
`;
  const reply = compilePolicies([{ file: "a.yaml", text }], TOOLS);
  if (reply.kind === "ok") return [];
  return reply.problems.map(
    ({ line, column, message, suggestion }) => `${line}:${column} ${message} → ${suggestion}`,
  );
}

describe("a condition on a pinned tool", () => {
  it.each([
    ["bank.pay", "args.amuont < 5", "6:16 bank.pay has no argument amuont → did you mean amount?"],
    ["bank.pay", "args.to.ibn == 'x'", "6:19 bank.pay has no argument ibn → did you mean iban?"],
    [
      "bank.pay",
      "has(args.quantum)",
      "6:20 bank.pay has no argument quantum → known: amount, currency, to, extra, memo",
    ],
    ["bank.pay", "args.amount.value > 1", "6:23 bank.pay has no argument value → known: none"],
    [
      "bank.*",
      "args.acccount == 'x'",
      "6:16 no tool that this rule selects has an argument acccount → did you mean account?",
    ],
  ])("on %s is refused where it reads what is not there: %s", (tools, when, said) => {
    expect(problems(tools, when)).toEqual([said]);
  });

  it.each([
    ["bank.pay", "args.amount < 5 && args.to.iban == 'x'"],
    ["bank.pay", "args.extra.anything == 1 && args.memo.text == 'x'"],
    ["bank.*", "args.account == 'x'"],
    ["web.fetch", "args.depth < 3"],
    ["unknown.tool", "args.anything == 1"],
    ["bank.pay, unknown.tool", "args.anything == 1"],
    ['"*.pay"', "args.anything == 1"],
    ["bank.pay", "args.exists(key, key == 'amount')"],
  ])("on %s stands where it can hold, or nobody knows: %s", (tools, when) => {
    expect(problems(tools, when)).toEqual([]);
  });
});
