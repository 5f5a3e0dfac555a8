import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SESSION_SCOPES, type SessionScope } from "../../../src/core/identity/agent-session.ts";
import {
  isConditional,
  lentTo,
  withheld,
  type Borrower,
  type SecretTerms,
} from "../../../src/core/secret/secret-terms.ts";
import { id, instant, type AgentId, type TenantId } from "../../../src/core/units.ts";
import { LocalVault } from "../../../src/stores/vault/local-vault.ts";
import { changeSecret } from "../../../src/stores/vault/vault-secrets.ts";
import { AT, BINDING, newPlace, secret, upstream, VALUE } from "./vault-place.ts";

const BOT: AgentId = id("bot");
const ANY = { tenant: id<TenantId>("default") };
const NOW = instant(AT + 1);

/** What the vault lends for a request of this borrower. */
function lend(change: Partial<SecretTerms>, borrower: Borrower | undefined) {
  const place = newPlace();
  const terms = { ...lentTo(BINDING), ...change };
  const store = { kind: "store", value: VALUE, terms, mustBe: "absent" } as const;
  const at = { tenant: place.tenant, name: secret("openai"), at: AT, expect: "any" } as const;
  changeSecret(place, at, store);
  using vault = new LocalVault({ ...place, environment: {} });
  const lent = vault.credentialFor(upstream({}), "POST", "/v1/responses", borrower);
  return lent.kind === "halt" ? lent.refusal.code : lent.value?.label;
}

describe("a secret with conditions", () => {
  it.each<[string, Partial<SecretTerms>, Borrower | undefined, string]>([
    ["nothing", {}, undefined, "openai@1"],
    ["an agent, to it", { allowedAgents: [BOT] }, { ...ANY, agent: BOT }, "openai@1"],
    [
      "an agent, to another",
      { allowedAgents: [BOT] },
      { ...ANY, agent: id("x") },
      "credential_forbidden",
    ],
    [
      "an agent, to another tenant's",
      { allowedAgents: [BOT] },
      { tenant: id("acme"), agent: BOT },
      "credential_forbidden",
    ],
    ["an agent, to nobody", { allowedAgents: [BOT] }, undefined, "credential_forbidden"],
    ["clearance, with it", { clearanceMin: 3 }, { ...ANY, agent: BOT, clearance: 3 }, "openai@1"],
    ["clearance, without", { clearanceMin: 3 }, { ...ANY, agent: BOT }, "credential_forbidden"],
    ["a time that is over", { expiresAt: NOW }, { ...ANY, agent: BOT }, "credential_forbidden"],
    [
      "a scope, without session",
      { scopeRequired: "write" },
      { ...ANY, agent: BOT },
      "credential_forbidden",
    ],
    [
      "a scope, with it",
      { scopeRequired: "write" },
      { ...ANY, agent: BOT, granted: { scopes: ["write"], credentials: ["openai"] } },
      "openai@1",
    ],
    ["no upstream", { binding: undefined }, { ...ANY, agent: BOT }, "credential_forbidden"],
  ])("that asks for %s: %o", (_what, terms, borrower, expected) => {
    expect(lend(terms, borrower)).toBe(expected);
  });
});

describe("withheld", () => {
  const agents = fc.constantFrom<AgentId>(id("a"), id("b"), id("c"));
  const clearances = fc.constantFrom(1, 2, 3, 4, 5);
  const scopes = fc.constantFrom<SessionScope>(...SESSION_SCOPES, "own:crm", "own:crm:read");
  const terms = fc.record({
    clearanceMin: clearances,
    allowedAgents: fc.array(agents),
    scopeRequired: fc.option(scopes, { nil: undefined }),
    expiresAt: fc.option(fc.nat(10).map(instant), { nil: undefined }),
  });
  const borrowers = fc.record({
    tenant: fc.constant(ANY.tenant),
    agent: agents,
    clearance: clearances,
    granted: fc.option(
      fc.record({ scopes: fc.array(scopes), credentials: fc.constantFrom([], ["key"], ["x"]) }),
      { nil: undefined },
    ),
  });

  it("lets nobody have a secret of whom one condition is not true", () => {
    fc.assert(
      fc.property(terms, borrowers, fc.nat(10).map(instant), (change, borrower, now) => {
        const asked: SecretTerms = { ...lentTo(BINDING), ...change };
        const { agent, clearance, granted } = borrower;
        const held = granted?.scopes ?? [];
        const fits =
          (asked.expiresAt === undefined || now < asked.expiresAt) &&
          (asked.allowedAgents.length === 0 || asked.allowedAgents.includes(agent)) &&
          clearance >= asked.clearanceMin &&
          (asked.scopeRequired === undefined ||
            held.includes(asked.scopeRequired) ||
            held.includes("admin") ||
            (asked.scopeRequired === "own:crm:read" && held.includes("own:crm"))) &&
          granted?.credentials[0] !== "x";
        expect(
          withheld({ ...ANY, name: id("key"), terms: asked }, borrower, now) === undefined,
        ).toBe(fits);
        if (!isConditional(asked) && granted === undefined) expect(fits).toBe(true);
      }),
    );
  });
});
