import { describe, expect, it } from "vitest";
import { explain } from "../../../src/core/policy/explain.ts";
import type { Principal } from "../../../src/core/principal.ts";
import type { TenantId } from "../../../src/core/units.ts";
import { compiled, facts, principal, problemsOf, rulesOf, tool } from "./policy-fixture.ts";

const member = (more: Partial<Principal>): Principal => ({ ...principal(), ...more });

describe("clearance", () => {
  const CLEARED = rulesOf(
    `  - { id: all, tools: [crm.read], effect: allow }\n` +
      `  - { id: high, tools: [crm.delete], clearance: 3, effect: allow }\n`,
  );

  it.each([
    [undefined, "deny"],
    [2, "deny"],
    [3, "allow"],
    [5, "allow"],
  ] as const)("of %s on a rule that needs 3 means %s", (clearance, expected) => {
    const { snapshot } = compiled(CLEARED);
    const who = member(clearance === undefined ? {} : { clearance });
    expect(snapshot.decide(who, tool("crm.delete"), facts()).kind).toBe(expected);
    expect(snapshot.decide(who, tool("crm.read"), facts()).kind).toBe("allow");
    expect(snapshot.mayAllow(who, tool("crm.delete"))).toBe(expected === "allow");
  });

  it("can be read by conditions, beside the rest of the principal", () => {
    const { snapshot } = compiled(
      rulesOf(
        `  - id: vip\n    tools: [crm.read]\n    effect: allow\n    when: >-\n` +
          `      principal.clearance >= 4 && principal.tenant == "t" && principal.user == "ann"\n` +
          `      && principal.tags.env == "prod" && principal.proven_by == "api_key"\n`,
      ),
    );
    const fits = member({ clearance: 4, user: "ann", tags: { env: "prod" } });
    expect(snapshot.decide(fits, tool("crm.read"), facts()).kind).toBe("allow");
    for (const other of [
      { clearance: 3 },
      { user: "bob" },
      { tags: {} },
      { provenBy: "loopback" },
    ] as const) {
      expect(snapshot.decide({ ...fits, ...other }, tool("crm.read"), facts()).kind).toBe("deny");
    }
  });

  it("is what explain names where it is too low", () => {
    const { snapshot, rules } = compiled(CLEARED);
    const situation = { principal: member({}), action: tool("crm.delete"), facts: facts() };
    expect(explain(snapshot, rules, situation).missed[0]).toMatchObject({
      id: "high",
      because: "clearance",
    });
  });

  it("is refused where it would exempt the lower, and beyond 1 to 5", () => {
    expect(
      problemsOf(rulesOf(`  - { id: a, tools: [x.y], clearance: 2, effect: deny }\n`)).join(),
    ).toContain("clearance means nothing beside effect: deny");
    expect(
      problemsOf(rulesOf(`  - { id: a, tools: [x.y], clearance: 6, effect: allow }\n`)),
    ).toHaveLength(1);
  });

  it("and the tenant can be said in a file's tests", () => {
    expect(
      problemsOf(
        `${rulesOf(`  - { id: a, tools: [x.y], clearance: 2, effect: allow }\n`, "tenants: [acme]\n")}` +
          `tests:\n` +
          `  - { call: { agent: bot, tenant: acme, clearance: 2, tool: x.y }, expect: allow }\n` +
          `  - { call: { agent: bot, tenant: acme, tool: x.y }, expect: deny }\n` +
          `  - { call: { agent: bot, clearance: 5, tool: x.y }, expect: deny }\n`,
      ),
    ).toEqual([]);
  });
});

describe("a file of one tenant", () => {
  it("is not about another tenant's agent of the same name", () => {
    const { snapshot } = compiled(
      rulesOf(`  - { id: a, tools: [crm.*], effect: allow }\n`, "tenants: [acme*]\n"),
      rulesOf(`  - { id: b, tools: [web.*], effect: allow }\n`),
    );
    const decide = (tenant: string, name: string): string =>
      snapshot.decide(member({ tenant: tenant as TenantId }), tool(name), facts()).kind;
    expect(decide("acme", "crm.read")).toBe("allow");
    expect(decide("acme-2", "crm.read")).toBe("allow");
    expect(decide("other", "crm.read")).toBe("deny");
    expect(decide("other", "web.get")).toBe("allow");
  });
});
