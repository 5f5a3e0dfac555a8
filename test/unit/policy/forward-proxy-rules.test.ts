import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import { FORWARD_PROXY, specialOfForwarded } from "../../../src/core/forward-proxy.ts";
import { compiled, facts, principal, rulesOf } from "./policy-fixture.ts";

function asked(method: string, host: string): Action {
  const special = specialOfForwarded(FORWARD_PROXY, method);
  const call = { path: "/", query: "", body: undefined };
  return { kind: "http", upstream: FORWARD_PROXY, method, host, special, ...call };
}

function decision(rules: string, action: Action): string {
  return compiled(rulesOf(rules)).snapshot.decide(principal(), action, facts()).kind;
}

const rule = (http: string, effect = "allow"): string =>
  `  - { id: one, http: ${http}, effect: ${effect} }\n`;

describe("a host that an agent chose", () => {
  it.each([
    ["{ methods: [GET] }", "deny", "deny"],
    ["{ upstreams: [forward-proxy] }", "deny", "deny"],
    ["{ upgrade: true, allow_unknown: true }", "deny", "deny"],
    ["{ hosts: [a.example] }", "allow", "deny"],
    ['{ hosts: [a.example], methods: ["*"] }', "allow", "deny"],
    ["{ hosts: [a.example], methods: [CONNECT] }", "deny", "allow"],
    ['{ hosts: ["*.example"], methods: [GET, CONNECT] }', "allow", "allow"],
    ["{ hosts: [a.example], methods: [CONNECT], paths: [/v1/**] }", "deny", "deny"],
  ])("by %s: GET is %s, CONNECT is %s", (http, get, connect) => {
    expect(decision(rule(http), asked("GET", "a.example"))).toBe(get);
    expect(decision(rule(http), asked("CONNECT", "a.example"))).toBe(connect);
  });

  it("is not asked a person about by a rule that names none", () => {
    expect(decision(rule("{ methods: [GET, CONNECT] }", "approve"), asked("CONNECT", "a.b"))).toBe(
      "deny",
    );
  });

  it("is allowed on the port that is named, and on no other", () => {
    const only = rule("{ hosts: [a.example], methods: [CONNECT] }");
    expect(decision(only, asked("CONNECT", "a.example:8443"))).toBe("deny");
  });

  it("is denied on all its ports, and by whatever method", () => {
    const rules = rule('{ hosts: ["*"], methods: [GET, CONNECT] }') + DENIED;
    expect(decision(rules, asked("CONNECT", "bad.example:8443"))).toBe("deny");
    expect(decision(rules, asked("GET", "bad.example"))).toBe("deny");
    expect(decision(rules, asked("CONNECT", "good.example:8443"))).toBe("allow");
  });

  it("is named by a denial, with the rule that it would need", () => {
    const { snapshot } = compiled(rulesOf(rule("{ upstreams: [web] }")));
    expect(snapshot.decide(principal(), asked("CONNECT", "a.example:8443"), facts())).toMatchObject(
      {
        detail: expect.stringContaining("CONNECT to a.example:8443"),
        remedy: expect.stringContaining("hosts: [a.example:8443], methods: [CONNECT]"),
      },
    );
  });
});

const DENIED = "  - { id: two, http: { hosts: [bad.example] }, effect: deny }\n";

describe("tests in a policy file", () => {
  it("need not say that the host was the agent's choice", () => {
    const text = `${rulesOf(rule("{ hosts: [a.example], methods: [CONNECT] }"))}tests:
  - call: { agent: bot, http: { upstream: forward-proxy, method: CONNECT, path: /, host: a.example } }
    expect: allow
  - call: { agent: bot, http: { upstream: forward-proxy, method: CONNECT, path: /, host: b.example } }
    expect: deny
`;
    expect(() => compiled(text)).not.toThrow();
  });
});
