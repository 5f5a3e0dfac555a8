import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ToolAction } from "../../../src/core/action.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { definitionLook } from "../../../src/core/meta-tool/definition-look.ts";
import type { MetaTool } from "../../../src/core/meta-tool/meta-tool.ts";
import { layersOf, unwrap } from "../../../src/core/meta-tool/unwrap.ts";
import { foundToolsOf } from "../../../src/proxy/mcp/found-tools.ts";
import { compiled, facts, message, principal, rulesOf, tool } from "../policy/policy-fixture.ts";
import { MCP_UPSTREAM } from "../../support/mcp.ts";

const DESCRIBED: readonly MetaTool[] = [
  { kind: "call", tool: "go", nameIn: "what", serverIn: "where", argsIn: "with" },
  { kind: "plain", tool: "rename" },
];

/** From the outside in. */
function layers(name: string, args: JsonObject): readonly string[] | string {
  const unwrapping = unwrap(tool(`gw.${name}`, args), DESCRIBED);
  if (unwrapping.kind === "problem") return unwrapping.problem;
  return Array.from(layersOf(unwrapping.action), (layer) => layer.tool).toReversed();
}

describe("a call within a call", () => {
  it.each<[string, JsonObject, readonly string[]]>([
    ["go", { what: "pay", with: { amount: 1 } }, ["go", "pay"]],
    ["go", { what: "pay", where: "bank" }, ["go", "bank.pay"]],
    ["go", { what: "go", with: { what: "pay" } }, ["go", "go", "pay"]],
    ["call_tool", { name: "pay", arguments: {} }, ["call_tool", "pay"]],
    ["callTool", { toolName: "pay", args: '{"amount":1}' }, ["callTool", "pay"]],
    ["use_mcp_tool", { server_name: "bank", tool_name: "pay" }, ["use_mcp_tool", "bank.pay"]],
    ["gateway_invoke", { server: "bank", tool: "pay" }, ["gateway_invoke", "bank.pay"]],
    ["anything", { tool_name: "pay", arguments: {} }, ["anything", "pay"]],
    // What is no call by name.
    ["rename", { tool: "hammer", args: {} }, ["rename"]],
    ["create_user", { name: "Ada", arguments: {} }, ["create_user"]],
    ["lend", { tool: "hammer" }, ["lend"]],
    ["describe_tool", { tool_name: "pay" }, ["describe_tool"]],
  ])("%s %j is judged as %j", (name, args, seen) => {
    expect(layers(name, args)).toEqual(seen);
  });

  it.each<[string, JsonObject, RegExp]>([
    ["go", {}, /must name a tool in what/],
    ["go", { what: 7 }, /must name a tool in what/],
    ["go", { what: "pay", with: [] }, /must have an object in with/],
    ["call_tool", { tool: "read", tool_name: "pay", args: {} }, /several tools at once/],
    ["execute_tools", { calls: [{ tool: "pay", args: {} }] }, /several tools at once/],
    ["multi", { calls: [{ tool_slug: "PAY", arguments: {} }] }, /several tools at once/],
    ["callTool", { tool: "pay", args: '{"a":1,"a":2}' }, /must have an object in args/],
  ])("%s %j cannot be judged", (name, args, problem) => {
    expect(layers(name, args)).toMatch(problem);
  });

  it("is not followed for ever", () => {
    let args: JsonObject = { what: "pay" };
    for (let depth = 0; depth < 5; depth += 1) args = { what: "go", with: args };
    expect(layers("go", args)).toMatch(/without an end/);
  });
});

/** What policy says to a call through a meta-tool. */
function decided(rules: string, name: string, args: JsonObject) {
  const { snapshot } = compiled(
    rulesOf(rules, "budgets: { calls: { limit: 9 calls, per: agent, window: day } }\n"),
  );
  const unwrapping = unwrap(tool(`gw.${name}`, args), DESCRIBED);
  if (unwrapping.kind === "problem") throw new Error(unwrapping.problem);
  const source = message(JSON.stringify(args));
  return snapshot.decide(principal(), unwrapping.action, facts({ source }));
}

it("is seen in what a server lists, by name and schema", () => {
  const listed = (name: string, properties: JsonObject) =>
    definitionLook({ name, inputSchema: { type: "object", properties } })?.kind;
  const text = { type: "string" };
  expect(listed("call_tool", { tool_name: text, arguments: { type: "object" } })).toBe("call");
  const calls = { type: "array", items: { properties: { tool: text, args: { type: "object" } } } };
  expect(listed("run_all", { calls })).toBe("ambiguous");
  expect(listed("search_tools", { query: text })).toBe("search");
  expect(listed("create_user", { name: text, arguments: { type: "object" } })).toBeUndefined();
});

describe("policy on a call through a meta-tool", () => {
  const pay = { what: "pay", with: { amount: 5 } };

  it("asks the rules of the tool that is named, with its arguments", () => {
    const rules = `  - { id: a, tools: [gw.pay], when: args.amount < 10, effect: allow }\n`;
    expect(decided(rules, "go", pay).kind).toBe("allow");
    expect(decided(rules, "go", { what: "pay", with: { amount: 50 } }).kind).toBe("deny");
    expect(decided(rules, "go", { what: "wipe" }).kind).toBe("deny");
  });

  it("lets nothing through that only the meta-tool is allowed for", () => {
    const rules = `  - { id: a, tools: [gw.go, gw.call_tool], effect: allow }\n`;
    expect(decided(rules, "go", pay).kind).toBe("deny");
    expect(decided(rules, "call_tool", { name: "pay" }).kind).toBe("deny");
  });

  it("wants a rule for a tool that only looks like one, so that no name is a way around another", () => {
    const rules = `  - { id: a, tools: [gw.read], effect: allow }\n`;
    expect(decided(rules, "wipe", { tool_name: "read", arguments: {} }).kind).toBe("deny");
    const both = `  - { id: a, tools: [gw.read, gw.call_tool], effect: allow }\n`;
    expect(decided(both, "call_tool", { tool_name: "read", arguments: {} }).kind).toBe("allow");
  });

  it("obeys what is said of the meta-tool itself: denials, approvals, limits and charges, once", () => {
    const allow = `  - { id: a, tools: [gw.*], effect: allow, charge: calls, limits: { requests: 9/min } }\n`;
    const once = decided(allow, "go", pay);
    expect(once).toMatchObject({ kind: "allow", because: ["a"] });
    expect(once.kind === "allow" && [once.terms.charges.length, once.terms.rates.length]).toEqual([
      1, 1,
    ]);
    expect(
      decided(`${allow}  - { id: b, tools: [gw.go], effect: deny }\n`, "go", pay),
    ).toMatchObject({ kind: "deny", because: ["b"] });
    const asked = `${allow}  - { id: b, tools: [gw.go], effect: approve }\n`;
    expect(decided(asked, "go", pay)).toMatchObject({ kind: "escalate", because: ["b"] });
    const strict = `${allow}  - { id: b, tools: [gw.go], effect: allow, limits: { requests: 1/min } }\n`;
    const limited = decided(strict, "go", pay);
    expect(limited.kind === "allow" && limited.terms.rates.map(({ rule }) => rule)).toEqual([
      "a",
      "b",
    ]);
  });

  it("wants all that two rules want of one approval: four eyes stay four", () => {
    const rules = `  - { id: a, tools: [gw.pay], effect: approve,
      approval: { approvers: [ann, bob, eve], count: 2, priority: high, expires: 5m } }
  - { id: b, tools: [gw.go], effect: approve, approval: { approvers: [bob, eve] } }\n`;
    expect(decided(rules, "go", pay)).toMatchObject({
      kind: "escalate",
      because: ["a", "b"],
      approval: { approvers: ["bob", "eve"], count: 2, priority: "high", expires: 300_000 },
    });
  });

  it("charges the amount that stands in the inner arguments, digit by digit", () => {
    const { snapshot } = compiled(
      rulesOf(
        `  - { id: a, tools: [gw.pay], effect: allow, charge: { budget: day, amount: args.amount, currency: args.currency } }\n`,
        "budgets: { day: { limit: 500 USD, per: agent, window: day } }\n",
      ),
    );
    for (const written of [
      `{"what":"pay","with":{"amount":49.990,"currency":"USD"}}`,
      `{"what":"pay","with":"{\\"amount\\":49.990,\\"currency\\":\\"USD\\"}"}`,
    ]) {
      const unwrapping = unwrap(tool("gw.go", JSON.parse(written)), DESCRIBED);
      const action = unwrapping.kind === "ok" ? unwrapping.action : tool("gw.none");
      const decision = snapshot.decide(principal(), action, facts({ source: message(written) }));
      expect(decision).toMatchObject({ terms: { charges: [{ amount: 49_990_000_000 }] } });
    }
  });

  it("is what it says of the same call made directly", () => {
    const name = fc.constantFrom("pay", "read", "wipe", "go");
    const rule = fc.record({
      tool: fc.constantFrom("gw.pay", "gw.read", "gw.*", "gw.w*", "other.*"),
      effect: fc.constantFrom("allow", "deny", "approve"),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), name, (rules, named) => {
        const text = rules
          .map(
            ({ tool: glob, effect }, i) =>
              `  - { id: r${i}, tools: ["${glob}"], effect: ${effect} }\n`,
          )
          .join("");
        const { snapshot } = compiled(rulesOf(text === "" ? "  []" : text));
        const decide = (action: ToolAction) => snapshot.decide(principal(), action, facts()).kind;
        fc.pre(named !== "go");
        const unwrapping = unwrap(tool("gw.go", { what: named }), DESCRIBED);
        if (unwrapping.kind === "problem") throw new Error(unwrapping.problem);
        const direct = decide(tool(`gw.${named}`));
        const outer = decide(tool("gw.go"));
        const isDenied =
          outer === "deny" &&
          rules.some(({ tool: glob, effect }) => {
            return effect === "deny" && glob === "gw.*";
          });
        const through = decide(unwrapping.action);
        if (direct === "deny" || isDenied) expect(through).toBe("deny");
        else expect(through).toBe(outer === "escalate" ? "escalate" : direct);
      }),
    );
  });
});

describe("what a search for tools finds", () => {
  const admits = ({ tool: name }: ToolAction): boolean => name.endsWith("read");
  const entry = (name: string): JsonObject => ({ name, description: "d" });
  const searching = foundToolsOf("search_tools", MCP_UPSTREAM, admits);

  it("is only what could be called, in its structure and in its text", () => {
    const tools = [entry("read"), entry("wipe")];
    const text = JSON.stringify({ tools });
    const result = { content: [{ type: "text", text }], structuredContent: { tools, total: 2 } };
    expect(searching?.(result)).toEqual({
      content: [{ type: "text", text: JSON.stringify({ tools: [entry("read")] }) }],
      structuredContent: { tools: [entry("read")], total: 2 },
    });
  });

  it("stays as it is where all of it could be called, or it is no list of tools", () => {
    for (const result of [
      { content: [{ type: "text", text: JSON.stringify([entry("read")]) }] },
      { content: [{ type: "text", text: "no tools here" }] },
      { content: [], structuredContent: { users: [{ name: "wipe" }] } },
    ]) {
      expect(searching?.(result)).toBe(result);
    }
  });

  it("is looked at where the operator says so, or the tool itself, and nowhere else", () => {
    const upstream = {
      ...MCP_UPSTREAM,
      metaTools: [
        { kind: "search" as const, tool: "menu", listIn: "dishes" },
        { kind: "plain" as const, tool: "find_tool" },
        { kind: "call" as const, tool: "go", nameIn: "what", serverIn: "where", argsIn: "with" },
      ],
    };
    const menu = foundToolsOf("menu", upstream, admits);
    const dishes = [{ name: "read", where: "a" }, { name: "wipe" }, "junk"];
    expect(menu?.({ structuredContent: { dishes } })).toEqual({
      structuredContent: { dishes: [{ name: "read", where: "a" }] },
    });
    expect(foundToolsOf("find_tool", upstream, admits)).toBeUndefined();
    expect(foundToolsOf("find_customers", upstream, admits)).toBeUndefined();
  });
});
