import type { Action } from "../../../src/core/action.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { compilePolicies, type PolicyReply } from "../../../src/core/policy/compile-policy.ts";
import type { PolicyFacts } from "../../../src/core/policy/policy-snapshot.ts";
import type { Principal } from "../../../src/core/principal.ts";
import type { AgentId, SessionId, TenantId, UpstreamName } from "../../../src/core/units.ts";
import { instant } from "../../../src/core/units.ts";

export function compiled(...texts: string[]): Extract<PolicyReply, { kind: "ok" }> {
  const reply = compilePolicies(texts.map((text, i) => ({ file: `${i}.yaml`, text })));
  if (reply.kind === "ok") return reply;
  throw new Error(JSON.stringify(reply.problems, undefined, 2));
}

/** `line:column message → suggestion` of every problem. */
export function problemsOf(...texts: string[]): string[] {
  const reply = compilePolicies(texts.map((text, i) => ({ file: `${i}.yaml`, text })));
  if (reply.kind === "ok") return [];
  return reply.problems.map(
    ({ line, column, message, suggestion }) =>
      `${line}:${column} ${message}${suggestion === undefined ? "" : ` → ${suggestion}`}`,
  );
}

export function rulesOf(rules: string, more = ""): string {
  return `version: 1\nagents: [bot]\n${more}rules:\n${rules}`;
}

export function principal(agent = "bot", team?: string): Principal {
  return {
    agent: agent as AgentId,
    tenant: "t" as TenantId,
    session: "s" as SessionId,
    team,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "api_key",
  };
}

export function tool(name: string, args: JsonObject = {}): Extract<Action, { kind: "tool" }> {
  const dot = name.indexOf(".");
  const upstream = name.slice(0, dot) as UpstreamName;
  return { kind: "tool", upstream, tool: name.slice(dot + 1), args };
}

export function llm(model: string, upstream = "openai", outputTokens?: number): Action {
  return {
    kind: "llm",
    upstream: upstream as UpstreamName,
    operation: "chat",
    model,
    stream: false,
    outputTokens,
    body: {},
  };
}

export function http(
  method: string,
  path: string,
  more: Partial<Extract<Action, { kind: "http" }>> = {},
): Action {
  const upstream = "github" as UpstreamName;
  const host = "api.github.com";
  const base = { kind: "http", upstream, method, host, path, query: "" } as const;
  return { ...base, special: undefined, body: undefined, ...more };
}

export function facts(more: Partial<PolicyFacts> = {}): PolicyFacts {
  return { now: instant(0), marks: [], source: () => "", ...more };
}

/** A tool call as its JSON-RPC message has it. */
export function message(args: string): () => string {
  return () =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":${args}}}`;
}
