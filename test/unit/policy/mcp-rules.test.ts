import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { McpAction } from "../../../src/core/action.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { id, instant } from "../../../src/core/units.ts";
import { compiled, principal, problemsOf, rulesOf } from "./policy-fixture.ts";

const FACTS = { now: instant(0), marks: [], source: () => "" };

function ask(method: string, name?: string, args: JsonObject = {}): McpAction {
  return { kind: "mcp", upstream: id("crm"), method, name, args };
}

function deciding(rules: string) {
  const { snapshot } = compiled(rulesOf(rules));
  return {
    decide: (action: McpAction) => snapshot.decide(principal(), action, FACTS).kind,
    mayAllow: (action: McpAction) => snapshot.mayAllow(principal(), action),
    mayReadSome: (template: string) => snapshot.mayReadSome(principal(), id("crm"), template),
  };
}

describe("rules about MCP", () => {
  const { decide } = deciding(`
  - { id: a, prompts: [crm.greet_*], effect: allow }
  - { id: b, resources: ["crm.file:///docs/*"], effect: allow }
  - { id: c, resources: ["*.secret*"], effect: deny }
  - { id: d, completions: [crm.greet_all], effect: allow }
  - { id: e, sampling: [crm], when: args.maxTokens <= 100, effect: allow }
  - { id: f, elicitation: [other], effect: allow }
  - { id: g, prompts: [crm.order], when: args.size == "small", effect: allow }
`);

  it.each<[string, string | undefined, string]>([
    ["prompts/get", "greet_bob", "allow"],
    ["prompts/get", "bye", "deny"],
    ["resources/read", "file:///docs/a.md", "allow"],
    ["resources/subscribe", "file:///docs/a.md", "allow"],
    ["resources/read", "file:///etc/passwd", "deny"],
    ["resources/read", "secret.md", "deny"],
    ["completion/complete", "greet_all", "allow"],
    ["completion/complete", "greet_one", "deny"],
    ["prompts/get", "greet_all", "allow"],
    ["elicitation/create", undefined, "deny"],
    ["tasks/get", "greet_bob", "deny"],
  ])("decide %s of %s: %s", (method, name, verdict) => {
    expect(decide(ask(method, name))).toBe(verdict);
  });

  it("say what it is that they deny", () => {
    const { snapshot } = compiled(rulesOf(`- { id: c, resources: ["*.secret*"], effect: deny }\n`));
    const detailOf = (action: McpAction) => snapshot.decide(principal(), action, FACTS);
    expect(detailOf(ask("resources/read", "secret.md"))).toMatchObject({
      detail: "Rule c denies resources/read of secret.md on crm.",
    });
    expect(detailOf(ask("prompts/get", "greet"))).toMatchObject({
      detail: "No rule allows bot to use prompts/get of greet on crm in this way.",
    });
  });

  it("read what is asked as args", () => {
    expect(decide(ask("sampling/createMessage", undefined, { maxTokens: 100 }))).toBe("allow");
    expect(decide(ask("sampling/createMessage", undefined, { maxTokens: 101 }))).toBe("deny");
    expect(decide(ask("prompts/get", "order", { size: "small" }))).toBe("allow");
    expect(decide(ask("prompts/get", "order", { size: "large" }))).toBe("deny");
  });

  it("say what is wrong with them at its place", () => {
    const text = rulesOf(`
  - { id: a, prompts: [greet], effect: allow }
  - { id: b, sampling: [crm], effect: approve }
  - { id: c, elicitation: [crm], effect: allow, marks: [asked] }
`);
    expect(problemsOf(text)).toEqual([
      "5:24 greet can match nothing: what MCP servers offer is named upstream.name → write *.greet or the upstream's name and a dot before it",
      "6:5 what a server asks in the middle of a call cannot wait for a person → write effect: allow or deny",
      "7:5 charge, limits and marks mean nothing for what a server asks → write them into the rule for the call itself",
    ]);
  });

  it("are tested in the file by the same words", () => {
    const tests = `tests:
  - { call: { agent: bot, prompt: crm.greet, args: { size: small } }, expect: allow, because: [a] }
  - { call: { agent: bot, resource: "crm.file:///x" }, expect: deny }
  - { call: { agent: bot, completion: crm.greet }, expect: deny }
  - { call: { agent: bot, sampling: crm, args: { maxTokens: 5 } }, expect: allow }
  - { call: { agent: bot, elicitation: crm }, expect: deny }
`;
    const rules = `
  - { id: a, prompts: [crm.greet], when: args.size == "small", effect: allow }
  - { id: b, sampling: [crm], when: args.maxTokens < 10, effect: allow }
`;
    const reply = compiled(rulesOf(rules) + tests);
    expect(reply.tests.map(({ kind }) => kind)).toEqual(Array.from({ length: 5 }, () => "passed"));
  });
});

describe("a resource template is shown", () => {
  const { mayReadSome } = deciding(`
  - { id: a, resources: ["crm.file:///docs/*"], effect: allow }
  - { id: b, mcp: { upstreams: [crm], methods: [resources/*], names: ["db://*/rows"] }, effect: allow }
  - { id: c, resources: ["crm.file:///docs/private/*"], effect: deny }
`);

  it.each([
    ["file:///docs/{path}", true],
    ["file:///{+path}", true],
    ["file:///docs/private/{name}", false],
    ["file:///etc/{name}", false],
    ["db://{table}/rows", true],
    ["db://{table}/columns", false],
    ["{+anything}", true],
  ])("where some address could be read: %s: %s", (template, shown) => {
    expect(mayReadSome(template)).toBe(shown);
  });

  it("whenever one of its addresses is allowed", () => {
    const { decide, mayReadSome: shown } = deciding(`
  - { id: a, resources: ["crm.a*b", "crm.x://*"], effect: allow }
  - { id: b, resources: ["crm.aa*"], effect: deny }
`);
    const piece = fc.string({ unit: fc.constantFrom("a", "b", "x", ":", "/"), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, piece), { maxLength: 3 }), piece, (parts, end) => {
        const template = parts.map(([literal]) => `${literal}{v}`).join("") + end;
        const address = parts.map(([literal, value]) => literal + value).join("") + end;
        if (decide(ask("resources/read", address)) === "allow") expect(shown(template)).toBe(true);
      }),
    );
  });
});
