/** A call that an agent thinks of making, in the words of the own MCP server's tools. */
import type { Action } from "../../core/action.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { hostOf, HTTP_PORT, HTTPS_PORT, readAuthority } from "../../core/address/authority.ts";
import { FORWARD_PROXY, specialOfForwarded } from "../../core/forward-proxy.ts";
import { id } from "../../core/units.ts";

export interface PlannedCall {
  readonly action: Action;
  /** As a wire would carry it, so that conditions and charges read the same. */
  readonly source: () => string;
}

export type PlannedReading =
  | { readonly kind: "ok"; readonly call: PlannedCall }
  /** One sentence. */
  | { readonly kind: "problem"; readonly problem: string };

/** What `tools/list` says of them. */
export const PLANNED_CALL_PROPERTIES = {
  tool: { type: "string", description: "An MCP tool as upstream.tool, for example crm.read_user." },
  prompt: { type: "string", description: "An MCP prompt as upstream.prompt." },
  resource: { type: "string", description: "An MCP resource as upstream.uri." },
  arguments: { type: "object", description: "Arguments of the tool or prompt." },
  model: { type: "string", description: "An LLM, with the upstream that serves it." },
  method: { type: "string", description: "An HTTP method, with upstream and path." },
  path: { type: "string", description: "Path of an HTTP call, below the upstream." },
  upstream: { type: "string", description: "Name of the upstream of an LLM or HTTP call." },
  host: {
    type: "string",
    description:
      "In place of upstream, a host that the forward proxy leads to: with method CONNECT, or with a method and a path.",
  },
} as const;

const NO_ARGUMENTS: JsonObject = {};

export function readPlannedCall(asked: JsonObject): PlannedReading {
  const args = asked["arguments"] ?? NO_ARGUMENTS;
  if (!isJsonObject(args)) return problem("arguments must be an object.");
  const { tool, prompt, resource, model, method } = asked;
  const named = [tool, prompt, resource, model, method].filter((one) => one !== undefined);
  if (named.length !== 1) {
    return problem("Name exactly one of tool, prompt, resource, model, or method with path.");
  }
  if (tool !== undefined) {
    const target = targetOf(tool);
    if (target === undefined) return problem("tool must be named upstream.tool.");
    const { upstream, name } = target;
    return planned({ kind: "tool", upstream, tool: name, args }, { params: { arguments: args } });
  }
  if (prompt !== undefined) return mcpCall("prompts/get", prompt, args);
  if (resource !== undefined) return mcpCall("resources/read", resource, args);
  return wireCall(asked);
}

function mcpCall(method: string, named: JsonValue, args: JsonObject): PlannedReading {
  const target = targetOf(named);
  if (target === undefined) return problem("Prompts and resources are named upstream.name.");
  return planned({ kind: "mcp", method, ...target, args }, NO_ARGUMENTS);
}

function wireCall(asked: JsonObject): PlannedReading {
  const { model, method, path, upstream, host } = asked;
  if (host !== undefined) return forwardedCall(asked);
  if (typeof upstream !== "string") return problem("upstream must name where the call goes.");
  const place = { upstream: id<Action["upstream"]>(upstream) };
  if (typeof model === "string") {
    const body = { model };
    const call = { operation: "chat", model, stream: false, outputTokens: undefined, body };
    return planned({ kind: "llm", ...place, ...call }, body);
  }
  if (typeof method !== "string" || typeof path !== "string" || !path.startsWith("/")) {
    return problem("An HTTP call has a method and a path that starts with a slash.");
  }
  return httpCall(place.upstream, { method: method.toUpperCase(), path, host: "" });
}

/** A tunnel has a host, and nothing else that could be judged. */
function forwardedCall({ model, method, path, upstream, host }: JsonObject): PlannedReading {
  if (typeof host !== "string" || typeof method !== "string" || model !== undefined) {
    return problem("A host comes with a method.");
  }
  if (upstream !== undefined && upstream !== FORWARD_PROXY) {
    return problem("Name an upstream or a host: the forward proxy leads to hosts by themselves.");
  }
  const verb = method.toUpperCase();
  const usual = verb === "CONNECT" ? HTTPS_PORT : HTTP_PORT;
  const reading = readAuthority(host, usual);
  if (reading.kind === "problem") return problem(reading.message);
  const within = verb === "CONNECT" ? "/" : path;
  if (typeof within !== "string" || !within.startsWith("/")) {
    return problem("All but CONNECT have a path that starts with a slash.");
  }
  const place = { method: verb, path: within, host: hostOf(reading.authority, usual) };
  return httpCall(FORWARD_PROXY, place);
}

function httpCall(
  upstream: Action["upstream"],
  place: { readonly method: string; readonly path: string; readonly host: string },
): PlannedReading {
  const special = specialOfForwarded(upstream, place.method);
  const rest = { query: "", special, body: undefined };
  return planned({ kind: "http", upstream, ...place, ...rest }, NO_ARGUMENTS);
}

function targetOf(
  named: JsonValue,
): { readonly upstream: Action["upstream"]; readonly name: string } | undefined {
  if (typeof named !== "string") return undefined;
  const dot = named.indexOf(".");
  if (dot <= 0 || dot === named.length - 1) return undefined;
  return { upstream: id(named.slice(0, dot)), name: named.slice(dot + 1) };
}

function planned(action: Action, wire: JsonObject): PlannedReading {
  return { kind: "ok", call: { action, source: () => JSON.stringify(wire) } };
}

function problem(text: string): PlannedReading {
  return { kind: "problem", problem: text };
}
