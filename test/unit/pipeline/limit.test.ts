import { MCP_UPSTREAM } from "../../support/mcp.ts";
import { describe, expect, it } from "vitest";
import type { Principal } from "../../../src/core/principal.ts";
import type { Stop } from "../../../src/core/identity/stop.ts";
import { id, instant } from "../../../src/core/units.ts";
import { DRAIN_RETRY_IN, limit } from "../../../src/pipeline/limit.ts";

const BOT: Principal = {
  agent: id("bot"),
  tenant: id("default"),
  session: id("s"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "api_key",
};
const STOP: Stop = {
  target: { kind: "agent", agent: id("bot") },
  mode: "kill",
  reason: "test",
  by: "alice",
  at: instant(1),
};
const gate = (draining: boolean, ...stopped: string[]) => ({
  draining,
  informed: true,
  stopped: ({ agent }: Principal) => (stopped.includes(agent) ? STOP : undefined),
});

describe("limit", () => {
  it("lets an agent go on that nobody stopped", () => {
    expect(limit(BOT, gate(false, "other"), MCP_UPSTREAM)).toEqual({
      kind: "pass",
      value: undefined,
    });
  });

  it("takes nothing new while the process drains, and says when to come back", () => {
    expect(limit(BOT, gate(true), MCP_UPSTREAM)).toMatchObject({
      refusal: { code: "draining", retryIn: DRAIN_RETRY_IN },
    });
  });

  it("lets nobody through while it is not known who is stopped", () => {
    expect(limit(BOT, { ...gate(false), informed: false }, MCP_UPSTREAM)).toMatchObject({
      refusal: { code: "limit_unavailable", retryIn: DRAIN_RETRY_IN },
    });
  });

  it("refuses a stopped agent by name, without an invitation to retry", () => {
    const refused = limit(BOT, gate(false, "bot"), MCP_UPSTREAM);
    expect(refused).toMatchObject({
      refusal: { code: "agent_stopped", detail: expect.stringContaining("bot") },
    });
    expect(refused).not.toHaveProperty("refusal.retryIn");
  });

  it("tells a stopped agent to come back later while it drains: the next process decides", () => {
    expect(limit(BOT, gate(true, "bot"), MCP_UPSTREAM)).toMatchObject({
      refusal: { code: "draining" },
    });
  });
});
