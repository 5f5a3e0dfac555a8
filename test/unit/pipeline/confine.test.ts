import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import type { Terms } from "../../../src/core/decision.ts";
import type { AgentSession } from "../../../src/core/identity/agent-session.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { AUTHORIZE_SPEND, OWN_SERVER } from "../../../src/core/own-server.ts";
import { id, instant, nanoUsd, type AgentId } from "../../../src/core/units.ts";
import type { Upstream } from "../../../src/core/upstream.ts";
import { holdsFor } from "../../../src/core/money/holds.ts";
import { purseKey, pursesOf } from "../../../src/core/session/purse.ts";
import { confine, confineTerms } from "../../../src/pipeline/confine.ts";

const SESSION: AgentSession = {
  id: id("ses_1"),
  tenant: id("default"),
  agent: id("bot"),
  scopes: ["read"],
  credentials: [],
  spendLimit: undefined,
  task: undefined,
  container: undefined,
  expiresAt: instant(10),
  revokedAt: undefined,
  createdBy: "alice",
};

function under(changes: Partial<AgentSession> | undefined): Principal {
  return {
    agent: id("bot"),
    tenant: id("default"),
    session: id("ses_1"),
    team: undefined,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "api_key",
    granted: changes && { ...SESSION, ...changes },
  };
}

const web = (ref?: string) =>
  ({ name: "web", credential: ref === undefined ? undefined : { ref } }) as unknown as Upstream;

const http = (method: string): Action => ({
  kind: "http",
  upstream: id("web"),
  method,
  host: "web.example",
  path: "/",
  query: "",
  special: undefined,
  body: undefined,
});
const SPEND: Action = {
  kind: "tool",
  upstream: OWN_SERVER,
  tool: AUTHORIZE_SPEND,
  args: { amount: 1 },
};
const TOOL: Action = { kind: "tool", upstream: id("crm"), tool: "read", args: {} };

describe("a session's scopes", () => {
  it.each([
    ["read", http("GET"), true],
    ["read", http("POST"), false],
    ["write", http("POST"), true],
    ["write", http("DELETE"), false],
    ["delete", http("DELETE"), true],
    ["read", TOOL, false],
    ["tools", TOOL, true],
    ["tools", http("POST"), false],
    ["tools", SPEND, false],
    ["spend", SPEND, true],
    ["execute", TOOL, true],
    ["admin", http("DELETE"), true],
  ] as const)("%s", (scope, action, allowed) => {
    const verdict = confine(under({ scopes: [scope] }), action, web());
    expect(verdict.kind).toBe(allowed ? "pass" : "halt");
    if (!allowed) expect(verdict).toMatchObject({ refusal: { code: "session_scope" } });
  });

  it("confine nobody who has no session of their own", () => {
    expect(confine(under(undefined), http("DELETE"), web("vault://a")).kind).toBe("pass");
  });

  it("keep to the credentials they name", () => {
    const who = under({ credentials: ["github"] });
    expect(confine(who, http("GET"), web("vault://github")).kind).toBe("pass");
    expect(confine(who, http("GET"), web("vault://stripe")).kind).toBe("halt");
    expect(confine(under({}), http("GET"), web("vault://stripe")).kind).toBe("pass");
  });
});

describe("a session's purse", () => {
  const NONE: Terms = { charges: [], rates: [], outputTokens: undefined, marks: [], shadow: [] };

  it("is one more budget, of the session's own", () => {
    const limit = nanoUsd(5_000_000_000);
    expect(confineTerms(under({ spendLimit: limit }), NONE)).toMatchObject({
      value: { charges: [{ kind: "metered", budget: { limit, per: ["agent", "session"] } }] },
    });
  });

  it("is asked for what a call names, which needs the scope to spend", () => {
    const limit = nanoUsd(9);
    const [purse] = purseOf(under({ spendLimit: limit, scopes: ["spend"] }), NONE);
    if (purse === undefined) throw new Error("no purse");
    const paying: Terms = {
      ...NONE,
      charges: [{ kind: "amount", budget: purse.budget, amount: 7 }],
    };
    const paid = purseOf(under({ spendLimit: limit, scopes: ["spend"] }), paying);
    expect(paid.filter((charge) => charge.kind === "amount")).toHaveLength(2);
    expect(confineTerms(under({ scopes: ["read"] }), paying)).toMatchObject({
      refusal: { code: "session_scope" },
    });
  });
});

function purseOf(who: Principal, terms: Terms): Terms["charges"] {
  const verdict = confineTerms(who, terms);
  if (verdict.kind === "halt") throw new Error(verdict.refusal.detail);
  return verdict.value.charges;
}

describe("a session's purses", () => {
  it("are counted where the budget store is asked for them", () => {
    const agent: AgentId = id("a|b");
    const session = { ...SESSION, agent, spendLimit: nanoUsd(5), tokenLimit: 9 };
    const principal = { ...under(session), agent };
    const none: Terms = { charges: [], rates: [], outputTokens: undefined, marks: [], shadow: [] };
    const confined = confineTerms(principal, none);
    if (confined.kind === "halt") throw new Error("halted");
    const amounts = { nanoUsd: 1, inputTokens: 1, outputTokens: 1, calls: 1 };
    const lines = holdsFor(confined.value.charges, principal, TOOL, instant(1), amounts);
    expect(lines.map(({ hold }) => [hold.key, hold.amount])).toEqual(
      pursesOf(session).map((purse, i) => [purseKey(purse, session), i === 0 ? 1 : 2]),
    );
  });
});
