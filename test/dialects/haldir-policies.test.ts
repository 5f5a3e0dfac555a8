/** Each policy and rule of Haldir, as the engine that judges every call reads it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ToolAction } from "../../src/core/action.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { compilePolicies } from "../../src/core/policy/compile-policy.ts";
import type { PolicySnapshot } from "../../src/core/policy/policy-snapshot.ts";
import type { Principal } from "../../src/core/principal.ts";
import { id, instant } from "../../src/core/units.ts";
import {
  documentJson,
  EMPTY,
  readDocument,
  readPolicy,
  readRule,
  type ApprovalRule,
  type HaldirDocument,
  type ProxyPolicy,
} from "../../src/dialects/haldir/policy-document.ts";
import { policyFile } from "../../src/dialects/haldir/policy-rules.ts";

const PRINCIPAL: Principal = {
  agent: id("bot"),
  tenant: id("default"),
  session: id("ses_1"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "api_key",
};

function snapshotOf(document: HaldirDocument): PolicySnapshot {
  const reply = compilePolicies([{ file: "haldir.yaml", text: policyFile(document) }]);
  if (reply.kind === "problems") throw new Error(JSON.stringify(reply.problems, null, 2));
  return reply.snapshot;
}

function decided(
  document: Partial<HaldirDocument>,
  tool: string,
  args: JsonObject = {},
  { at = "2026-11-21T12:00:00Z", session = "ses_1" } = {},
): string {
  const [upstream = "", name = ""] = tool.split(/\.(.*)/);
  const action: ToolAction = { kind: "tool", upstream: id(upstream), tool: name, args };
  const facts = {
    now: instant(Date.parse(at)),
    marks: [],
    source: () => JSON.stringify({ params: { arguments: args } }),
  };
  const snapshot = snapshotOf({ ...EMPTY, upstreams: ["shop"], ...document });
  return snapshot.decide({ ...PRINCIPAL, session: id(session) }, action, facts).kind;
}

const policies = (...list: readonly ProxyPolicy[]) => ({ policies: list });
const rules = (...list: readonly ApprovalRule[]) => ({ approvalRules: list });

describe("a tenant's bundle", () => {
  it("allows tools of registered upstreams, and payments, within sessions only", () => {
    const payment = { amount: 5, currency: "USD" };
    expect(decided({}, "shop.read")).toBe("allow");
    expect(decided({}, "shop.read", {}, { session: "chosen" })).toBe("deny");
    expect(decided({}, "other.read")).toBe("deny");
    expect(decided({}, "sallyport.authorize_spend", payment)).toBe("allow");
    expect(decided({}, "sallyport.authorize_spend", payment, { session: "x" })).toBe("deny");
    expect(decided({ upstreams: [] }, "shop.read")).toBe("deny");
  });

  it.each([
    ["block_tool", { kind: "block_tool", tool: "wipe" }, "shop.wipe", "deny"],
    ["block_tool", { kind: "block_tool", tool: "wipe" }, "shop.admin.wipe", "deny"],
    ["block_tool", { kind: "block_tool", tool: "wipe" }, "shop.wiper", "allow"],
    ["block_tool by full name", { kind: "block_tool", tool: "shop.wipe" }, "shop.wipe", "deny"],
    ["deny_list", { kind: "deny_list", tools: ["a", "shop.b"] }, "shop.b", "deny"],
    ["deny_list", { kind: "deny_list", tools: ["a", "shop.b"] }, "shop.c", "allow"],
    ["allow_list", { kind: "allow_list", tools: ["a", "shop.b"] }, "shop.a", "allow"],
    ["allow_list", { kind: "allow_list", tools: ["a", "shop.b"] }, "shop.b", "allow"],
    ["allow_list", { kind: "allow_list", tools: ["a", "shop.b"] }, "shop.c", "deny"],
  ] as const)("%s %j makes of %s: %s", (_, policy, tool, expected) => {
    expect(decided(policies(policy), tool)).toBe(expected);
  });

  it("lets an allow list be about proxied tools, not about payments", () => {
    const only = policies({ kind: "allow_list", tools: ["a"] });
    const payment = { amount: 5, currency: "USD" };
    expect(decided(only, "sallyport.authorize_spend", payment)).toBe("allow");
  });

  it.each([
    [{ amount: 99.5 }, "allow"],
    [{ amount: 100 }, "allow"],
    [{ amount: 100.01 }, "deny"],
    [{ amount: "100" }, "deny"],
    [{ amount: -1 }, "deny"],
    [{ amount: null }, "deny"],
    [{}, "allow"],
  ])("a spend limit of 100 makes of %j: %s", (args, expected) => {
    expect(decided(policies({ kind: "spend_limit", max: 100 }), "shop.pay", args)).toBe(expected);
  });

  it.each([
    [9, 17, "08:59", "deny"],
    [9, 17, "09:00", "allow"],
    [9, 17, "16:59", "allow"],
    [9, 17, "17:00", "deny"],
    [22, 6, "23:00", "allow"],
    [22, 6, "05:59", "allow"],
    [22, 6, "06:00", "deny"],
    [0, 24, "23:59", "allow"],
    [9, 9, "09:30", "deny"],
  ])("a window from %i to %i is at %s: %s", (startHour, endHour, time, expected) => {
    const window = policies({ kind: "time_window", startHour, endHour });
    expect(decided(window, "shop.read", {}, { at: `2026-11-21T${time}:00Z` })).toBe(expected);
  });

  it("wants all its policies to agree", () => {
    const both = policies({ kind: "allow_list", tools: ["pay"] }, { kind: "spend_limit", max: 10 });
    expect(decided(both, "shop.pay", { amount: 10 })).toBe("allow");
    expect(decided(both, "shop.pay", { amount: 11 })).toBe("deny");
    expect(decided(both, "shop.read")).toBe("deny");
  });

  it.each([
    ["spend_over", { kind: "spend_over", threshold: 100 }, "shop.pay", { amount: 101 }, "escalate"],
    ["spend_over", { kind: "spend_over", threshold: 100 }, "shop.pay", { amount: 100 }, "allow"],
    ["spend_over", { kind: "spend_over", threshold: 100 }, "shop.pay", { amount: "101" }, "deny"],
    ["tool_blocked", { kind: "tool_blocked", tools: ["wipe"] }, "shop.wipe", {}, "escalate"],
    ["tool_blocked", { kind: "tool_blocked", tools: ["wipe"] }, "shop.read", {}, "allow"],
    ["destructive", { kind: "destructive" }, "shop.delete_user", {}, "escalate"],
    ["destructive", { kind: "destructive" }, "shop.sendEmail", {}, "escalate"],
    ["destructive", { kind: "destructive" }, "shop.list_users", {}, "allow"],
    ["all", { kind: "all" }, "shop.list_users", {}, "escalate"],
  ] as const)("the rule %s %j makes of %s %j: %s", (_, rule, tool, args, expected) => {
    expect(decided(rules(rule), tool, args)).toBe(expected);
  });

  it("asks a person about large payments as about large calls", () => {
    const over = rules({ kind: "spend_over", threshold: 100 });
    const pay = (amount: number): string =>
      decided(over, "sallyport.authorize_spend", { amount, currency: "USD" });
    expect([pay(100), pay(100.5)]).toEqual(["allow", "escalate"]);
  });

  it("limits by the smallest of its rates", () => {
    const document = {
      ...EMPTY,
      upstreams: ["shop"],
      policies: [
        { kind: "rate_limit", maxPerMinute: 30 },
        { kind: "rate_limit", maxPerMinute: 10 },
      ],
    } as const;
    expect(JSON.parse(policyFile(document))).toMatchObject({
      budgets: { "haldir-rate": { limit: "10 calls", per: "agent", window: "rolling 60s" } },
      rules: expect.arrayContaining([
        expect.objectContaining({ id: "haldir-tools", charge: "haldir-rate" }),
      ]),
    });
    snapshotOf(document);
  });
});

describe("a document", () => {
  const toolName = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_./-]{0,20}$/);
  const tools = fc.array(toolName, { minLength: 1, maxLength: 20 });
  const hour = fc.integer({ min: 0, max: 24 });
  const usd = fc.double({ min: 0, max: 9_007_199, noNaN: true });
  const policy: fc.Arbitrary<ProxyPolicy> = fc.oneof(
    fc.record({ kind: fc.constant("block_tool" as const), tool: toolName }),
    fc.record({ kind: fc.constantFrom("allow_list" as const, "deny_list" as const), tools }),
    fc.record({ kind: fc.constant("spend_limit" as const), max: usd }),
    fc.record({
      kind: fc.constant("rate_limit" as const),
      maxPerMinute: fc.integer({ min: 1, max: 1_000_000 }),
    }),
    fc.record({ kind: fc.constant("time_window" as const), startHour: hour, endHour: hour }),
  );
  const rule: fc.Arbitrary<ApprovalRule> = fc.oneof(
    fc.record({ kind: fc.constant("spend_over" as const), threshold: usd }),
    fc.record({ kind: fc.constant("tool_blocked" as const), tools }),
    fc.record({ kind: fc.constantFrom("destructive" as const, "all" as const) }),
  );
  const whole: fc.Arbitrary<HaldirDocument> = fc.record({
    upstreams: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/), { maxLength: 4 }),
    policies: fc.array(policy, { maxLength: 6 }),
    approvalRules: fc.array(rule, { maxLength: 6 }),
  });

  it("is read back as it was written, and always compiles", () => {
    fc.assert(
      fc.property(whole, (document) => {
        expect(readDocument(documentJson(document))).toEqual(document);
        snapshotOf(document);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    [{ type: "block_tool" }, /^tool:/],
    [{ type: "block_tool", tool: 'x" || true' }, /^tool:/],
    [{ type: "allow_list", tools: [] }, /^tools:/],
    [{ type: "spend_limit", max: -1 }, /^max:/],
    [{ type: "rate_limit", max_per_minute: 0.5 }, /^max_per_minute:/],
    [{ type: "time_window", start_hour: 9 }, /^end_hour:/],
    [{ type: "time_window", start_hour: 25, end_hour: 3 }, /^start_hour:/],
    [{ type: "other" }, /^type:/],
  ])("says what is wrong with %j", (body, says) => {
    expect(readPolicy(body)).toMatchObject({
      kind: "fault",
      fault: { code: "invalid", detail: expect.stringMatching(says) },
    });
  });

  it("takes a rule without a threshold as over nothing", () => {
    expect(readRule({ type: "spend_over" })).toMatchObject({ value: { threshold: 0 } });
    expect(readRule({ type: "tool_blocked" })).toMatchObject({ kind: "fault" });
  });
});
