import { describe, expect, it } from "vitest";
import {
  compilePolicies,
  type PolicyReply,
  type PolicySource,
} from "../../../src/core/policy/compile-policy.ts";
import { id } from "../../../src/core/units.ts";
import { facts, llm, principal, rulesOf, tool } from "./policy-fixture.ts";

const everybody: PolicySource = {
  file: "all.yaml",
  text: rulesOf(`- { id: reads, tools: ["crm.read"], effect: allow }`),
};
const acme: PolicySource = {
  file: "acme/proxy.yaml",
  tenant: id("acme"),
  text: rulesOf(`- { id: writes, tools: ["crm.write"], effect: allow }`),
};

function textsOf(reply: PolicyReply): string[] {
  return reply.kind === "ok" ? [] : reply.problems.map(({ message }) => message);
}

function compiledFrom(...sources: PolicySource[]) {
  const reply = compilePolicies(sources);
  if (reply.kind === "problems") throw new Error(textsOf(reply).join("\n"));
  return reply.snapshot;
}

function effect(tenant: string, name: string, ...sources: PolicySource[]): string {
  const who = { ...principal(), tenant: id<typeof acme.tenant & string>(tenant) };
  return compiledFrom(...sources).decide(who, tool(name), facts()).kind;
}

describe("policies of a tenant", () => {
  it("are about its agents only, beside those that are about everybody's", () => {
    expect(effect("acme", "crm.read", everybody, acme)).toBe("allow");
    expect(effect("acme", "crm.write", everybody, acme)).toBe("allow");
    expect(effect("globex", "crm.read", everybody, acme)).toBe("allow");
    expect(effect("globex", "crm.write", everybody, acme)).toBe("deny");
  });

  it("deny nothing to the agents of another, whatever was asked before", () => {
    const stops: PolicySource = {
      ...acme,
      text: rulesOf(`- { id: stop, tools: ["crm.*"], effect: deny }`),
    };
    const snapshot = compiledFrom(everybody, stops);
    const who = (tenant: string) => ({ ...principal(), tenant: id<never>(tenant) });
    const kinds = ["globex", "acme", "globex", "acme"].map(
      (tenant) => snapshot.decide(who(tenant), tool("crm.read"), facts()).kind,
    );
    expect(kinds).toEqual(["allow", "deny", "allow", "deny"]);
  });

  it("may use the ids of another tenant's, but none of everybody's", () => {
    const globex: PolicySource = { ...acme, file: "globex/proxy.yaml", tenant: id("globex") };
    expect(compilePolicies([everybody, acme, globex]).kind).toBe("ok");
    const taken: PolicySource = {
      ...acme,
      text: rulesOf(`- { id: reads, tools: ["crm.write"], effect: allow }`),
    };
    const reply = compilePolicies([everybody, taken]);
    expect(textsOf(reply)).toEqual([expect.stringContaining("the rule id reads is used twice")]);
  });

  it("charge everybody's budgets and their own, and are not told of another's", () => {
    const charging = (name: string): string =>
      `- { id: models, llm: { models: ["*"] }, effect: allow, charge: ${name} }`;
    const own: PolicySource = {
      ...acme,
      text: `budgets: { acme-day: { limit: 1 USD, per: agent, window: day } }\n${rulesOf(charging("acme-day"))}`,
    };
    expect(compilePolicies([own]).kind).toBe("ok");
    const thief: PolicySource = {
      file: "globex/proxy.yaml",
      tenant: id("globex"),
      text: rulesOf(charging("acme-dai")),
    };
    const reply = compilePolicies([own, thief]);
    expect(reply.kind === "problems" && reply.problems).toEqual([
      expect.objectContaining({
        message: "there is no budget acme-dai",
        suggestion: "define it under budgets",
      }),
    ]);
  });

  it("have their tests run as their own agents", () => {
    const tests = `tests:\n  - { call: { agent: bot, tool: crm.write }, expect: allow }\n`;
    const tested = compilePolicies([{ ...acme, text: `${acme.text}\n${tests}` }]);
    expect(tested).toMatchObject({ kind: "ok", tests: [{ kind: "passed" }] });
  });

  it("are about no other tenant, whatever they say", () => {
    const text = `version: 1\nagents: [bot]\ntenants: [globex]\nrules:\n- { id: w, tools: ["crm.write"], effect: allow }`;
    expect(effect("globex", "crm.write", { ...acme, text })).toBe("deny");
    expect(effect("acme", "crm.write", { ...acme, text })).toBe("allow");
  });

  it("change the digest with their owner", () => {
    const moved: PolicySource = { ...acme, tenant: id("globex") };
    expect(compiledFrom(acme).digest).not.toBe(compiledFrom(moved).digest);
    expect(compiledFrom(acme).decide(principal(), llm("x"), facts()).kind).toBe("deny");
  });
});
