import { describe, expect, it } from "vitest";
import type { Decision } from "../../../src/core/decision.ts";
import { compiled, facts, http, llm, message, principal, rulesOf, tool } from "./policy-fixture.ts";

const decideIn = (...texts: string[]) => {
  const { snapshot } = compiled(...texts);
  return (action: Parameters<typeof snapshot.decide>[1], more = {}, who = principal()): Decision =>
    snapshot.decide(who, action, facts(more));
};

describe("combining rules", () => {
  const decide = decideIn(
    rulesOf(`
- { id: a, tools: ["crm.*"], effect: allow }
- { id: b, tools: ["crm.write_*"], effect: approve, approval: { approvers: [lead], expires: 5m } }
- { id: c, tools: ["crm.write_all"], effect: deny, message: No., remedy: Write one. }
`),
  );

  it("denies by the rule default where nothing matches", () => {
    expect(decide(tool("web.get"))).toMatchObject({ kind: "deny", because: ["default"] });
  });

  it("denies everything without any file", () => {
    expect(decideIn()(tool("crm.x"))).toMatchObject({ kind: "deny", because: ["default"] });
  });

  it("denies an agent that no file is about", () => {
    expect(decide(tool("crm.x"), {}, principal("other"))).toMatchObject({ kind: "deny" });
  });

  it("allows where only an allow rule matches", () => {
    expect(decide(tool("crm.read"))).toMatchObject({ kind: "allow", because: ["a"] });
  });

  it("lets approve beat allow and deny beat both, whatever their order", () => {
    expect(decide(tool("crm.write_one"))).toMatchObject({
      kind: "escalate",
      because: ["b"],
      approval: { approvers: ["lead"], expires: 300_000 },
    });
    expect(decide(tool("crm.write_all"))).toEqual({
      kind: "deny",
      because: ["c"],
      detail: "No.",
      remedy: "Write one.",
    });
  });

  it("answers the same object again where only the name decides", () => {
    expect(decide(tool("crm.read"))).toBe(decide(tool("crm.read")));
  });

  it("denies where two rules want approvals that nobody may give both", () => {
    const both = decideIn(
      rulesOf(`
- { id: a, tools: ["x.y"], effect: approve, approval: { approvers: [legal] } }
- { id: b, tools: ["x.*"], effect: approve, approval: { approvers: [finance] } }
`),
    );
    expect(both(tool("x.y"))).toMatchObject({ kind: "deny", because: ["a", "b"] });
  });

  it("asks whoever every rule names, for the shortest time", () => {
    const both = decideIn(
      rulesOf(`
- { id: a, tools: ["x.y"], effect: approve, approval: { approvers: [legal, cfo], expires: 1h } }
- { id: b, tools: ["x.*"], effect: approve, approval: { approvers: [cfo, cto], expires: 5m } }
- { id: c, tools: ["*"], effect: approve }
`),
    );
    expect(both(tool("x.y"))).toMatchObject({
      approval: { approvers: ["cfo"], expires: 300_000 },
    });
  });
});

describe("terms", () => {
  const BUDGETS = `budgets:
  day: { limit: 1 USD, per: agent, window: day }
  month: { limit: 9 USD, per: all, window: month, tz: Europe/Zurich }
`;

  it("unites charges, takes the smallest cap, all rates and all marks", () => {
    const decide = decideIn(
      rulesOf(
        `
- { id: a, llm: { models: [gpt-*] }, effect: allow, charge: day, marks: [m],
    limits: { output_tokens: 100, requests: 60/min } }
- { id: b, llm: { upstreams: [openai] }, effect: allow, charge: [day, month], marks: [m, n],
    limits: { output_tokens: 50, requests: 5/s } }
`,
        BUDGETS,
      ),
    );
    const decision = decide(llm("gpt-5"));
    expect(decision).toMatchObject({
      kind: "allow",
      because: ["a", "b"],
      terms: {
        charges: [
          { kind: "metered", budget: { id: "day", unit: "nano_usd", limit: 1_000_000_000 } },
          {
            kind: "metered",
            budget: {
              id: "month",
              window: { kind: "calendar", every: "month", tz: "Europe/Zurich" },
            },
          },
        ],
        rates: [
          { rule: "a", counts: "requests", allowance: 60, per: 60_000, scope: "agent" },
          { rule: "b", counts: "requests", allowance: 5, per: 1000, scope: "agent" },
        ],
        outputTokens: 50,
        marks: ["m", "n"],
        shadow: [],
      },
    });
  });

  it("keeps what allow rules charge where a person must approve", () => {
    const decide = decideIn(
      rulesOf(
        `
- { id: a, llm: { models: ["*"] }, effect: allow, charge: day }
- { id: b, llm: { models: [gpt-5] }, effect: approve, charge: month }
`,
        BUDGETS,
      ),
    );
    expect(decide(llm("gpt-5"))).toMatchObject({
      kind: "escalate",
      terms: { charges: [{ budget: { id: "day" } }, { budget: { id: "month" } }] },
    });
  });
});

describe("modes", () => {
  it("records a rule in shadow and does not obey it", () => {
    const decide = decideIn(
      rulesOf(`
- { id: a, tools: ["*"], effect: allow }
- { id: b, tools: ["*"], effect: deny, mode: shadow }
- { id: c, tools: ["*"], effect: approve, mode: "off" }
`),
    );
    expect(decide(tool("x.y"))).toMatchObject({
      kind: "allow",
      terms: { shadow: [{ rule: "b", effect: "deny" }] },
    });
  });

  it("lets a rule's mode replace the file's", () => {
    const decide = decideIn(
      rulesOf(
        `
- { id: a, tools: ["x.a"], effect: allow }
- { id: b, tools: ["x.b"], effect: allow, mode: enforce }
`,
        "mode: shadow\n",
      ),
    );
    expect(decide(tool("x.a"))).toMatchObject({ kind: "deny", because: ["default"] });
    expect(decide(tool("x.b"))).toMatchObject({ kind: "allow" });
  });

  it("turns what a shadow file would block into a report", () => {
    const { snapshot } = compiled(
      `version: 1\nagents: ["*"]\nmode: shadow\ninspect:\n` +
        `- { id: i, on: [request], find: [secret], do: block }\n`,
    );
    expect(snapshot.inspections(principal()).request.rules).toMatchObject([{ action: "report" }]);
  });
});

describe("conditions at run time", () => {
  const decide = decideIn(
    rulesOf(`
- { id: small, tools: ["pay.*"], when: args.amount > 0 && args.amount < 50, effect: allow }
- { id: safe, tools: ["mail.*"], effect: allow }
- { id: never-to-them, tools: ["mail.*"], when: args.to == "them" || args.to.startsWith("x"), effect: deny }
`),
  );

  it.each([
    [{ amount: 49 }, "allow"],
    [{ amount: 49.99 }, "allow"],
    [{ amount: 50 }, "deny"],
    [{ amount: "49" }, "deny"],
    [{ amount: null }, "deny"],
    [{}, "deny"],
    [{ amount: [49] }, "deny"],
  ])("allows payments below fifty: %j → %s", (args, kind) => {
    expect(decide(tool("pay.send", args))).toMatchObject({ kind });
  });

  it("applies a denial whose condition cannot be told", () => {
    expect(decide(tool("mail.send", { to: "us" }))).toMatchObject({ kind: "allow" });
    expect(decide(tool("mail.send", { to: "them" }))).toMatchObject({ kind: "deny" });
    expect(decide(tool("mail.send", { to: 5 }))).toMatchObject({ because: ["never-to-them"] });
    expect(decide(tool("mail.send"))).toMatchObject({ because: ["never-to-them"] });
  });

  it("does not let names of JavaScript pass for fields", () => {
    const inherited = decideIn(
      rulesOf(
        `- { id: a, tools: ["*"], when: has(args.constructor) || has(args.__proto__), effect: allow }`,
      ),
    );
    expect(inherited(tool("x.y"))).toMatchObject({ kind: "deny" });
  });

  it("reads session, time, team and the model call", () => {
    const read = decideIn(
      rulesOf(`
- id: a
  llm: { models: ["*"] }
  when: >-
    "ok" in session.marks && now.getHours("UTC") < 8 && team == "red" && !llm.stream &&
    llm.output_tokens <= 100
  effect: allow
`),
    );
    const red = principal("bot", "red");
    expect(read(llm("m", "o", 100), { marks: ["ok"] }, red)).toMatchObject({ kind: "allow" });
    expect(read(llm("m", "o", 101), { marks: ["ok"] }, red)).toMatchObject({ kind: "deny" });
    expect(read(llm("m", "o"), { marks: ["ok"] }, red)).toMatchObject({ kind: "deny" });
    expect(read(llm("m", "o", 100), { marks: [] }, red)).toMatchObject({ kind: "deny" });
    expect(read(llm("m", "o", 100), { marks: ["ok"] })).toMatchObject({ kind: "deny" });
  });

  it("fails a looping condition on a request too large for it, and not before", () => {
    const loops = decideIn(
      rulesOf(
        `- { id: a, tools: ["*"], when: 'args.l.all(x, args.l.all(y, y == x))', effect: allow }`,
      ),
    );
    expect(loops(tool("x.y", { l: [1, 1, 1] }))).toMatchObject({ kind: "allow" });
    expect(loops(tool("x.y", { l: Array(5000).fill(1) }))).toMatchObject({ kind: "deny" });
  });

  it("tells the agent what would be allowed where only the condition failed", () => {
    const near = decideIn(
      rulesOf(`
- { id: a, tools: ["pay.*"], when: args.amount < 50, effect: allow, remedy: Pay less than 50. }
- { id: b, tools: ["mail.*"], effect: allow, remedy: Write a mail. }
`),
    );
    expect(near(tool("pay.send", { amount: 70 }))).toMatchObject({ remedy: "Pay less than 50." });
    expect(near(tool("web.get"))).toMatchObject({ remedy: undefined });
  });
});

describe("http rules", () => {
  const decide = decideIn(
    rulesOf(`
- { id: read, http: { upstreams: [github], methods: [GET], paths: [/repos/**] }, effect: allow }
- { id: any-openai, http: { upstreams: [openai] }, effect: allow }
- { id: realtime, http: { upstreams: [openai], paths: [/v1/realtime], upgrade: true }, effect: allow }
- { id: files, http: { upstreams: [openai], paths: [/v1/files/**], allow_unknown: true }, effect: allow }
- { id: no-secret-files, http: { upstreams: [openai], paths: [/v1/files/secret] }, effect: deny }
`),
  );
  const openai = (path: string, special?: "unknown_endpoint" | "upgrade") =>
    decide(http("GET", path, { upstream: "openai" as never, special }));

  it("matches method, host and path", () => {
    expect(decide(http("GET", "/repos/a/b"))).toMatchObject({ because: ["read"] });
    expect(decide(http("POST", "/repos/a/b"))).toMatchObject({ because: ["default"] });
    expect(decide(http("GET", "/users/a"))).toMatchObject({ because: ["default"] });
  });

  it("names method and path of each denied request, not of the first one", () => {
    expect(decide(http("POST", "/one"))).toMatchObject({ detail: expect.stringContaining("/one") });
    expect(decide(http("POST", "/two"))).toMatchObject({ detail: expect.stringContaining("/two") });
  });

  it("matches unknown endpoints and upgrades only by allow rules that say so", () => {
    expect(openai("/v1/x")).toMatchObject({ because: ["any-openai"] });
    expect(openai("/v1/x", "unknown_endpoint")).toMatchObject({ because: ["default"] });
    expect(openai("/v1/realtime", "upgrade")).toMatchObject({ because: ["realtime"] });
    expect(openai("/v1/realtime", "unknown_endpoint")).toMatchObject({ kind: "deny" });
    expect(openai("/v1/files/a", "unknown_endpoint")).toMatchObject({ because: ["files"] });
  });

  it("matches them by every deny rule", () => {
    expect(openai("/v1/files/secret", "unknown_endpoint")).toMatchObject({
      because: ["no-secret-files"],
    });
  });

  it("says whether a body must be read", () => {
    const { snapshot } = compiled(
      rulesOf(`- { id: a, http: { upstreams: [github*] }, when: body.x == 1, effect: allow }`),
    );
    expect(snapshot.readsHttpBody(principal(), "github")).toBe(true);
    expect(snapshot.readsHttpBody(principal(), "gitlab")).toBe(false);
    expect(snapshot.readsHttpBody(principal("other"), "github")).toBe(false);
    expect(
      snapshot.decide(principal(), http("GET", "/", { body: { x: 1 } }), facts()),
    ).toMatchObject({
      kind: "allow",
    });
    expect(snapshot.decide(principal(), http("GET", "/"), facts())).toMatchObject({ kind: "deny" });
  });
});

describe("charging what the call names", () => {
  const decide = decideIn(
    rulesOf(
      `- { id: pay, tools: ["pay.*"], effect: allow, charge: { budget: p, amount: args.amount, currency: args.currency } }`,
      "budgets:\n  p: { limit: 500 USD, per: agent, window: day }\n",
    ),
  );
  const pay = (args: string): Decision =>
    decide(tool("pay.send", JSON.parse(args)), { source: message(args) });

  it.each([
    ['{"amount": 49.99, "currency": "USD"}', 49_990_000_000],
    ['{"amount": 0.1, "currency": "USD"}', 100_000_000],
    ['{"amount": 1e2, "currency": "USD"}', 100_000_000_000],
    ['{"amount": 0.0000000001, "currency": "USD"}', 1],
    ['{"amount": 0, "currency": "USD"}', 0],
    ['{"x": {"amount": 7}, "amount": 9007199.254740991, "currency": "USD"}', 9_007_199_254_740_991],
    ['{"\\u0061mount": 3, "currency": "USD"}', 3_000_000_000],
  ])("charges %s exactly", (args, amount) => {
    expect(pay(args)).toMatchObject({
      kind: "allow",
      terms: { charges: [{ kind: "amount", budget: { id: "p" }, amount }] },
    });
  });

  it.each([
    '{"amount": "49", "currency": "USD"}',
    '{"amount": -1, "currency": "USD"}',
    '{"amount": 9007199.254740992, "currency": "USD"}',
    '{"amount": 1e400, "currency": "USD"}',
    '{"amount": null, "currency": "USD"}',
    '{"amount": [1], "currency": "USD"}',
    '{"currency": "USD"}',
    '{"amount": 1, "currency": "EUR"}',
    '{"amount": 1}',
    '{"amount": 1, "currency": ["USD"]}',
  ])("denies %s, naming the rule", (args) => {
    expect(pay(args)).toMatchObject({ kind: "deny", because: ["pay"] });
  });

  it("charges two rules' amounts to one budget once, the larger one", () => {
    const both = decideIn(
      rulesOf(
        `
- { id: a, tools: ["x.*"], effect: allow, charge: { budget: p, amount: args.a } }
- { id: b, tools: ["x.*"], effect: allow, charge: { budget: p, amount: 5 } }
`,
        "budgets:\n  p: { limit: 500 USD, per: agent, window: day }\n",
      ),
    );
    const charged = (args: string) =>
      both(tool("x.y", JSON.parse(args)), { source: message(args) });
    expect(charged('{"a": 7}')).toMatchObject({ terms: { charges: [{ amount: 7_000_000_000 }] } });
    expect(charged('{"a": 2}')).toMatchObject({ terms: { charges: [{ amount: 5_000_000_000 }] } });
  });
});

describe("lists and inspections", () => {
  const { snapshot } = compiled(
    `version: 1
agents: ["bot*"]
rules:
  - { id: a, tools: ["crm.*"], when: args.x == 1, effect: allow }
  - { id: b, tools: ["crm.del_*"], effect: deny }
  - { id: c, tools: ["crm.send_*"], when: args.y == 1, effect: deny }
  - { id: d, tools: ["web.*"], effect: allow, mode: shadow }
inspect:
  - { id: i, on: [request, response], find: [secret], do: block, at: 40 }
  - { id: j, on: [response], find: [pii.email], do: redact, agents: [bot2], at: high }
`,
  );

  it("shows what some arguments could make allowed, and hides what none could", () => {
    const may = (name: string) => snapshot.mayAllow(principal(), tool(name));
    expect(["crm.read", "crm.send_x", "crm.del_x", "web.get", "x.y"].map(may)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("gives each agent one constant object of inspections", () => {
    const one = snapshot.inspections(principal("bot1"));
    expect(snapshot.inspections(principal("bot1"))).toBe(one);
    expect(one.response.rules).toMatchObject([
      { id: "i", find: ["secret"], scoreMin: 40, action: "block" },
    ]);
    expect(snapshot.inspections(principal("bot2")).response.rules).toMatchObject([
      { id: "i" },
      { id: "j", scoreMin: 80 },
    ]);
    expect(one.toolResult.rules).toEqual([]);
    expect(snapshot.inspections(principal("cat")).request.rules).toEqual([]);
  });
});
