/** Reads an entry of `tests:`: a call, and what is expected of it. */
import { HTTP_SPECIALS } from "../action.ts";
import { RISK_LEVELS } from "../session/conduct.ts";
import { isMcpCallKey, MCP_CALL_KEYS, mcpCall } from "./mcp-call.ts";
import { MCP_SELECTORS } from "./mcp-selectors.ts";
import { clearanceOf, numberOf, placeOf, textsOf, wordOf, type Parsing } from "./parse-clause.ts";
import type { TestCall, TestClause } from "./policy-file.ts";
import { writeJson } from "./write-json.ts";
import { textOf, valueOf, type YamlMap } from "./yaml-node.ts";

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/;

export function parseTest(map: YamlMap, parsing: Parsing): TestClause | undefined {
  const node = valueOf(map, "call");
  const expect = wordOf(valueOf(map, "expect"), ["allow", "deny", "approve"]);
  if (node?.kind !== "map") return undefined;
  const agent = textOf(valueOf(node, "agent"));
  const call = parseCall(node, parsing);
  const at = timeOf(node, parsing);
  if (agent === undefined || call === undefined || expect === undefined) return undefined;
  const because = valueOf(map, "because");
  return Object.freeze({
    kind: "test",
    place: placeOf(map, parsing),
    agent,
    team: textOf(valueOf(node, "team")),
    user: textOf(valueOf(node, "user")),
    tenant: textOf(valueOf(node, "tenant")),
    clearance: clearanceOf(valueOf(node, "clearance")),
    marks: textsOf(valueOf(node, "marks")),
    risk: wordOf(valueOf(node, "risk"), RISK_LEVELS) ?? "LOW",
    findings: textsOf(valueOf(node, "findings")),
    at,
    call,
    expect,
    because: because === undefined ? undefined : textsOf(because),
  });
}

function timeOf(map: YamlMap, parsing: Parsing): string | undefined {
  const node = valueOf(map, "at");
  const text = textOf(node);
  if (node === undefined || text === undefined) return undefined;
  if (ISO_TIME.test(text) && !Number.isNaN(Date.parse(text))) return text;
  const help = "write it in UTC, as 2026-01-31T12:00:00Z";
  parsing.list.report(placeOf(node, parsing), `${text} is no time`, help);
  return undefined;
}

const KINDS = ["tool", ...MCP_CALL_KEYS, "llm", "http", "mcp"] as const;

function parseCall(map: YamlMap, parsing: Parsing): TestCall | undefined {
  const present = KINDS.filter((kind) => valueOf(map, kind) !== undefined);
  const [kind, second] = present;
  if (kind === undefined || second !== undefined) {
    const help = `write exactly one of ${KINDS.join(", ")}`;
    parsing.list.report(placeOf(map, parsing), "the call says not what is called", help);
    return undefined;
  }
  const node = valueOf(map, kind);
  if (kind === "tool") {
    const tool = textOf(node);
    const args = valueOf(map, "args");
    if (tool === undefined) return undefined;
    if (!/^[^.]+\../.test(tool)) {
      const help = "write upstream.tool, as in crm.read_user";
      parsing.list.report(placeOf(map, parsing), `${tool} does not name its upstream`, help);
      return undefined;
    }
    return { kind, tool, json: args?.kind === "map" ? writeJson(args) : "{}" };
  }
  if (isMcpCallKey(kind)) {
    const target = textOf(node);
    if (target === undefined) return undefined;
    const call = mcpCall(kind, target, argsOf(map));
    if (call !== undefined) return call;
    const help = `write upstream.name, as in ${MCP_SELECTORS.prompts.example}`;
    parsing.list.report(placeOf(map, parsing), `${target} does not name its upstream`, help);
    return undefined;
  }
  return node?.kind === "map" ? wireCall(kind, node, map) : undefined;
}

function argsOf(call: YamlMap): string | undefined {
  const args = valueOf(call, "args");
  return args?.kind === "map" ? writeJson(args) : undefined;
}

function wireCall(kind: "llm" | "http" | "mcp", map: YamlMap, call: YamlMap): TestCall | undefined {
  const text = (key: string) => textOf(valueOf(map, key));
  const body = valueOf(call, "body");
  const json = body === undefined ? undefined : writeJson(body);
  const stream = valueOf(map, "stream");
  switch (kind) {
    case "llm":
      return {
        kind,
        model: text("model") ?? "",
        upstream: text("upstream") ?? "openai",
        operation: text("operation") ?? "chat",
        stream: stream?.kind === "scalar" && stream.value === true,
        outputTokens: numberOf(valueOf(map, "output_tokens")),
        json: body?.kind === "map" ? writeJson(body) : "{}",
      };
    case "http":
      return {
        kind,
        upstream: text("upstream") ?? "",
        method: (text("method") ?? "").toUpperCase(),
        host: text("host") ?? "",
        path: text("path") ?? "",
        query: text("query") ?? "",
        special: wordOf(valueOf(map, "special"), HTTP_SPECIALS),
        json,
      };
    case "mcp":
      return {
        kind,
        upstream: text("upstream") ?? "",
        method: text("method") ?? "",
        name: text("name"),
        json: argsOf(call),
      };
  }
}
