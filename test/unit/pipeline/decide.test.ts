import { describe, expect, it } from "vitest";
import { MCP_METHOD_CLASSES, needsNoRule } from "../../../src/core/action-classes.ts";
import type { Action, McpAction } from "../../../src/core/action.ts";
import type { Decision } from "../../../src/core/decision.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { id, instant } from "../../../src/core/units.ts";
import { decide } from "../../../src/pipeline/decide.ts";

const PRINCIPAL: Principal = {
  agent: id("agent"),
  tenant: id("tenant"),
  session: id("session"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "loopback",
};
const FACTS = { now: instant(0), marks: [], source: () => "" };

const mcp = (method: string): McpAction => ({
  kind: "mcp",
  upstream: id("tools"),
  method,
  name: undefined,
});

function decideOn(action: Action, rule: string) {
  const denied: Decision = { kind: "deny", because: [id(rule)], detail: "No.", remedy: undefined };
  return decide({ decide: () => denied }, PRINCIPAL, action, FACTS);
}

describe("decide", () => {
  it.each(["initialize", "ping", "notifications/initialized", "tools/list", "session/stream"])(
    "lets %s pass where policy says nothing, and records why",
    (method) => {
      const { decision, verdict } = decideOn(mcp(method), "default");
      expect(verdict.kind).toBe("pass");
      expect(decision).toMatchObject({ kind: "allow", because: ["housekeeping"] });
    },
  );

  it("obeys a rule that denies even those", () => {
    const { decision, verdict } = decideOn(mcp("tools/list"), "no-lists");
    expect(verdict).toMatchObject({ kind: "halt", refusal: { code: "policy_denied" } });
    expect(decision).toMatchObject({ because: ["no-lists"] });
  });

  it.each(["prompts/get", "resources/read", "tools/call", "toString", "unheard/of"])(
    "refuses %s without a rule",
    (method) => {
      expect(decideOn(mcp(method), "default").verdict.kind).toBe("halt");
    },
  );

  it("refuses a tool without a rule", () => {
    const tool = { kind: "tool", upstream: id("tools"), tool: "echo", args: {} } as const;
    expect(decideOn(tool as Action, "default").verdict.kind).toBe("halt");
  });
});

describe("needsNoRule", () => {
  it("holds for lists and housekeeping and for nothing else", () => {
    for (const [method, kind] of Object.entries(MCP_METHOD_CLASSES)) {
      expect(needsNoRule(mcp(method))).toBe(kind === "list" || kind === "housekeeping");
    }
  });
});
