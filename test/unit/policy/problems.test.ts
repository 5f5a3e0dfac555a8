import { describe, expect, it } from "vitest";
import { compilePolicies } from "../../../src/core/policy/compile-policy.ts";
import { formatProblem } from "../../../src/core/policy/format-problem.ts";
import { compiled, problemsOf, rulesOf } from "./policy-fixture.ts";
import { DETECTORS } from "../../../src/core/policy/detectors.ts";

const RULE = "- { id: a, tools: [x.y], effect: allow }\n";

describe("problems of a policy file", () => {
  it("reports everything at once, each at its place with what would be right", () => {
    const text = `version: 1
agents: [support-bot]
moode: enforce
budgets:
  b: { limit: 10 EUR, per: agnt, window: day, tz: Europe/Zurch }
rules:
  - id: one
    tools: [read_user]
    when: arg.x == 1
    effect: alow
  - id: two
    tools: [crm.*]
    when: |
      args.x == 1 &&
        session.mark == 2
    effect: allow
    charge: nope
  - { id: three, http: { methods: [get], paths: [repos] }, effect: deny, says: never }
inspect:
  - { id: x, on: [reqest], find: [pii.mail], do: block, at: 200 }
tests:
  - { call: { agent: x }, expect: allow }
`;
    expect(problemsOf(text)).toEqual([
      "3:1 the file has no key moode → did you mean mode?",
      "5:15 EUR is not converted: money is counted in USD → write the amount in USD",
      "5:28 per: agnt is no scope → did you mean agent?",
      "5:51 Europe/Zurch is no time zone → write an IANA name such as Europe/Zurich",
      "8:13 read_user can match no tool: tools are named upstream.tool → write *.read_user or the upstream's name and a dot before it",
      "9:11 there is no variable arg → did you mean args?",
      "10:13 effect is alow; it must be one of allow, deny, approve → did you mean allow?",
      "15:17 session has no field mark → did you mean marks?",
      "17:13 there is no budget nope → define it under budgets",
      "18:36 get is never how an HTTP method is written here → write GET",
      "18:50 repos is no glob of this language → a path starts with a slash: /repos",
      "18:74 rules[2] has no key says → rules in prose come with a later version; write the condition as `when:`",
      "20:19 on[0] is reqest; it must be one of request, response, tool_result → did you mean request?",
      `20:35 find[0] is pii.mail; it must be one of ${DETECTORS.join(", ")} → did you mean pii.email?`,
      "20:61 at is 200; it must be a whole number from 0 to 100",
      "22:13 the call says not what is called → write exactly one of tool, prompt, resource, completion, sampling, elicitation, llm, http, mcp",
    ]);
  });

  it.each([
    [
      "a duplicate key",
      "version: 1\nversion: 1\nagents: [a]\n",
      "2:1 the key version stands here twice",
    ],
    [
      "a secret that should come back",
      "version: 1\nagents: [a]\ninspect:\n" +
        "  - { id: x, on: [request], find: [pii, secret], do: redact, restore: true }\n",
      "4:71 nothing here could be restored → restore only in an entry with do: redact, " +
        "on: [request] and find: [pii, pii.…]",
    ],
    ["a missing version", "agents: [a]\n", "1:1 the file lacks the key version"],
    ["another version", "version: 2\nagents: [a]\n", "1:10 version is 2; it must be 1"],
    ["missing agents", "version: 1\n", "1:1 the file lacks the key agents"],
    ["an empty glob list", "version: 1\nagents: []\n", "2:9 agents is an empty list"],
    ["a list for a file", "- 1\n", "1:1 the file is a list; it must be a map"],
    ["two documents", "version: 1\nagents: [a]\n---\nversion: 1\n", "3:1 a file holds one"],
    [
      "a star without quotes",
      "version: 1\nagents: [*]\n",
      "2:10 in YAML a text that starts with *",
    ],
    ["a tag", 'version: 1\nagents: !!js/function "x"\n', "2:9 in YAML a text that starts with !"],
    ["a tab", "version: 1\n\tagents: [a]\n", "2:1 not valid YAML"],
    [
      "an id that is always there",
      rulesOf("- { id: default, tools: [x.y], effect: allow }"),
      "4:3 default is the id",
    ],
    [
      "a rule that selects nothing",
      rulesOf("- { id: a, effect: allow }"),
      "4:3 the rule selects nothing",
    ],
    [
      "a rule that selects twice",
      rulesOf("- { id: a, tools: [x.y], mcp: {}, effect: allow }"),
      "4:26 the rule selects both",
    ],
    [
      "a selector that narrows nothing",
      rulesOf("- { id: a, http: {}, effect: allow }"),
      "4:18 http narrows nothing",
    ],
    [
      "keys beside deny",
      rulesOf("- { id: a, tools: [x.y], effect: deny, marks: [m] }"),
      "4:40 marks means nothing",
    ],
    [
      "a tool without its upstream",
      rulesOf("- { id: a, tools: [read], effect: allow }"),
      "4:20 read can match no tool",
    ],
    [
      "another glob dialect",
      rulesOf('- { id: a, tools: ["x.{a,b}"], effect: allow }'),
      "4:20 x.{a,b} is no glob",
    ],
    [
      "tools/call as a method",
      rulesOf("- { id: a, mcp: { methods: [tools/call] }, effect: allow }"),
      "4:29 mcp rules do not see",
    ],
    [
      "tunnels to no host",
      rulesOf("- { id: a, http: { methods: [CONNECT] }, effect: allow }"),
      "4:30 CONNECT is allowed by host, and this names none",
    ],
    [
      "an agent outside the file's",
      rulesOf("- { id: a, agents: [cat], tools: [x.y], effect: allow }"),
      "4:21 no agent is both cat",
    ],
    [
      "a condition that is never true",
      rulesOf("- { id: a, tools: [x.y], when: 1 > 2, effect: allow }"),
      "4:32 this is never true",
    ],
    [
      "output tokens of a tool",
      rulesOf("- { id: a, tools: [x.y], limits: { output_tokens: 5 }, effect: allow }"),
      "4:3 limits.output_tokens bounds",
    ],
    [
      "a rate of nothing",
      rulesOf("- { id: a, tools: [x.y], limits: { requests: 0/min }, effect: allow }"),
      "4:46 0/min is not a rate",
    ],
  ])("names %s", (_, text, problem) => {
    expect(problemsOf(text)[0]).toContain(problem);
  });

  it("finds an id used twice over all files", () => {
    expect(problemsOf(rulesOf(RULE), rulesOf(RULE))).toEqual([
      "4:3 the rule id a is used twice → it stands at 0.yaml:4 already; ids are unique over all files",
    ]);
  });

  it.each([
    ["9007199 USD", true],
    ["9007199.254740991 USD", true],
    ["9007200 USD", false],
    ["9007199254740991 calls", true],
    ["9007199254740992 tokens", false],
    ["-1 USD", false],
    ["1e3 USD", true],
    ["10 usd", false],
    ["10USD", false],
  ])("accepts a limit of %s: %s", (limit, accepted) => {
    const budget = `budgets:\n  b: { limit: ${limit}, per: agent, window: day }\n`;
    const rule = "- { id: a, llm: { models: [m] }, effect: allow, charge: b }\n";
    expect(problemsOf(rulesOf(rule, budget)).length === 0).toBe(accepted);
  });

  it("refuses to charge a cost to what has none", () => {
    const budget = "budgets:\n  b: { limit: 1 USD, per: agent, window: day }\n";
    const charging = (charge: string) =>
      problemsOf(rulesOf(`- { id: a, tools: [x.y], effect: allow, charge: ${charge} }`, budget));
    expect(charging("b")).toEqual([expect.stringContaining("only LLM calls have a metered cost")]);
    expect(charging("{ budget: b, amount: body.x }")).toEqual([
      expect.stringContaining("body.x is not known in a rule that selects tool calls"),
    ]);
    expect(charging("{ budget: b, amount: args.x, currency: EUR }")).toEqual([
      expect.stringContaining("EUR is not converted"),
    ]);
    expect(charging("{ budget: b, amount: '1 + 1' }")).toEqual([
      expect.stringContaining("1 + 1 is neither a path nor a number"),
    ]);
    expect(charging("{ budget: b, amount: args.x }")).toEqual([]);
  });

  it("warns of what loads but decides nothing", () => {
    const { warnings } = compiled(
      rulesOf(
        `- { id: a, tools: [x.y], effect: allow }
- { id: b, tools: [x.y], effect: allow }
- { id: c, tools: ["z.*"], effect: allow }
- { id: d, tools: ["z.*", "w.*"], effect: deny }
`,
        "budgets:\n  b: { limit: 1 USD, per: agent, window: day }\n",
      ),
    );
    expect(warnings.map(({ line, message }) => `${line} ${message}`)).toEqual([
      "4 no rule charges the budget b",
      "7 rule b says the same as rule a",
      "8 rule c decides nothing: rule d denies all it selects",
    ]);
  });

  it("refuses a file whose own test fails, and says what came out", () => {
    const text = `${rulesOf(RULE)}tests:\n  - { call: { agent: bot, tool: x.z }, expect: allow }\n`;
    expect(problemsOf(text)).toEqual([
      "6:5 test fails: expected allow, got deny by rule default → No rule allows bot to use tool x.z in this way.",
    ]);
  });

  it("runs a file's tests against that file alone", () => {
    const deny = `version: 1\nagents: ["*"]\nrules:\n- { id: no, tools: ["*"], effect: deny }\n`;
    const text = `${rulesOf(RULE)}tests:\n  - { call: { agent: bot, tool: x.y }, expect: allow, because: [a] }\n`;
    expect(problemsOf(text, deny)).toEqual([]);
  });

  it("tries shadow rules in tests as if they were obeyed", () => {
    const text =
      rulesOf(RULE, "mode: shadow\n") +
      "tests:\n  - { call: { agent: bot, tool: x.y }, expect: allow }\n";
    expect(problemsOf(text)).toEqual([]);
  });
});

describe("conditions at load", () => {
  const faults = (when: string, selector = 'tools: ["x.*"]') =>
    problemsOf(rulesOf(`- { id: a, ${selector}, effect: allow, when: '${when}' }`));

  it.each([
    ["arg.x == 1", "there is no variable arg → did you mean args?"],
    [
      "body.x == 1",
      "body is not known in a rule that selects tool calls → it is known for llm and http",
    ],
    ["args.x ==", "the condition ends too early → conditions are written as in args.amount < 50"],
    ["args.x << 5", "`<` cannot stand here → conditions are written as in"],
    ["args.x == )", "`)` cannot stand here → "],
    ["agent == 5", "no such overload: string == int"],
    ["agent", "the condition is of type string; it must be true or false"],
    [
      'args.x.matches("a+")',
      'matches can take exponential time and is not part of this language → re(text, "pattern") takes linear time',
    ],
    ['args.l.all(x, x.matches("a"))', "matches can take"],
    ["re(args.x, args.y)", "the pattern of re must be a literal text"],
    ['re(args.x, "(")', "not a pattern of RE2"],
    ['re(args.x, "(((a{500}){2}))")', "the pattern is too large"],
    ['re(session.marks, "a")', "re looks at text, not at list<string>"],
    ["args.a.all(x, x.all(y, y.all(z, z == 1)))", "loops stand more than 2 deep"],
    ["cel.bind(a, 1, a == 1)", "cel.bind is not part of this language"],
    [`${"(".repeat(60)}true${")".repeat(60)}`, "Exceeded maxDepth"],
    [`true${" || true".repeat(300)}`, "the condition has 2404 characters"],
  ])("refuses %s", (when, problem) => {
    expect(faults(when)[0]).toContain(problem);
  });

  it("takes linear patterns and applies them", () => {
    const when = 're(args.x, "^(a+)+$")';
    expect(faults(when)).toEqual([]);
  });
});

describe("formatProblem", () => {
  it("shows the line and a caret below the place", () => {
    const text = "version: 1\nagents: [a]\nrulez: []\n";
    const reply = compilePolicies([{ file: "p.yaml", text }]);
    const [problem] = reply.kind === "problems" ? reply.problems : [];
    expect(problem && formatProblem(problem, text)).toBe(
      [
        "p.yaml:3:1: the file has no key rulez",
        "  3 | rulez: []",
        "    | ^",
        "  help: did you mean rules?",
      ].join("\n"),
    );
  });

  it("shortens a long line around the place", () => {
    const text = `${"x".repeat(1000)}!`;
    const shown = formatProblem(
      { file: "f", line: 1, column: 1001, message: "m", suggestion: undefined },
      text,
    ).split("\n");
    expect(shown[1]?.length).toBeLessThan(200);
    expect(shown[1]?.charAt(shown[2]?.indexOf("^") ?? -1)).toBe("!");
  });
});
