import { atOnce } from "../../support/at-once.ts";
import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../../../src/core/refusal.ts";
import { id, millis, type RuleId } from "../../../src/core/units.ts";
import type { Interpretation } from "../../../src/pipeline/ask.ts";
import { createMcpWire } from "../../../src/proxy/mcp/mcp-wire.ts";
import type { RequestHead, WireReply } from "../../../src/proxy/wire.ts";
import {
  bytesOf,
  mcpContext,
  mcpHead,
  statelessHead,
  statelessParams,
  NO_LOGIN,
  NO_STATES,
  NO_TASKS,
  TRUSTING,
} from "../../support/mcp.ts";

const mcpWire = createMcpWire({
  definitions: TRUSTING,
  states: NO_STATES,
  login: NO_LOGIN,
  tasks: NO_TASKS,
});

const CORPUS = `${
  process.env["SALLYPORT_CORPORA"] ??
  fileURLToPath(new URL("../../../../shared/corpora", import.meta.url))
}/mcp_rpc.jsonl`;

interface CorpusCase {
  readonly name: string;
  readonly raw_b64: string;
  readonly expect: string;
}

function corpus(): readonly CorpusCase[] {
  if (!existsSync(CORPUS)) return [];
  const lines = readFileSync(CORPUS, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as CorpusCase);
}

const CALL = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "echo" } };

/** What the door understands, or the reply it refuses with. */
function ask(body: Buffer | undefined, head = mcpHead()): Interpretation | WireReply {
  const exchange = mcpWire.open(head);
  const verdict = atOnce(exchange.interpret(body, mcpContext()));
  return verdict.kind === "pass" ? verdict.value : exchange.refuse(verdict.refusal);
}

function understood(body: Buffer | undefined, head?: RequestHead): Interpretation {
  const asked = ask(body, head);
  if ("status" in asked) throw new Error(asked.body);
  return asked;
}

function refused(body: Buffer | undefined, head?: RequestHead) {
  const asked = ask(body, head);
  if (!("status" in asked)) throw new Error("it was understood");
  return { ...asked, json: asked.body === "" ? undefined : JSON.parse(asked.body) };
}

/** The reply when a later stage refuses what was understood. */
function deny(message: unknown, code: RefusalCode, head = mcpHead()) {
  const exchange = mcpWire.open(head);
  if (message !== undefined) atOnce(exchange.interpret(bytesOf(message), mcpContext()));
  const reply = exchange.refuse({
    code,
    detail: "Tool echo is not allowed.",
    remedy: "Use read_page.",
    rules: [id<RuleId>("no-echo")],
    retryIn: millis(1500),
  });
  return { ...reply, json: reply.body === "" ? undefined : JSON.parse(reply.body) };
}

describe("what an MCP request asks", () => {
  it("is a tool action for tools/call, with the arguments as they came", () => {
    const params = { name: "pay", arguments: { amount: 5 } };
    expect(understood(bytesOf({ ...CALL, params })).action).toEqual({
      kind: "tool",
      upstream: "tools",
      tool: "pay",
      args: { amount: 5 },
    });
  });

  it.each([
    ["prompts/get", { name: "greet" }, "greet"],
    ["resources/read", { uri: "file:///a" }, "file:///a"],
    ["resources/subscribe", { uri: "file:///a" }, "file:///a"],
    ["completion/complete", { ref: { type: "ref/prompt", name: "greet" } }, "greet"],
    ["completion/complete", { ref: { type: "ref/resource", uri: "a:b", name: "c" } }, "a:b"],
    ["tasks/get", { taskId: "t1" }, "t1"],
    ["tools/list", {}, undefined],
    ["initialize", { protocolVersion: "2025-11-25" }, undefined],
  ])("is an MCP action for %s, under the name it concerns", (method, params, name) => {
    const { action } = understood(bytesOf({ jsonrpc: "2.0", id: 1, method, params }));
    expect(action).toMatchObject({ kind: "mcp", upstream: "tools", method, name });
  });

  it.each(["GET", "DELETE"] as const)("is refused for %s under an unknown version", (method) => {
    const headers = { "mcp-protocol-version": "1999-01-01" };
    expect(refused(undefined, mcpHead({ method, headers })).status).toBe(400);
  });

  it("is the opening of a stream for GET and the end of a session for DELETE", () => {
    const bare = (method: string) => mcpHead({ method, hasBody: false, headers: {} });
    expect(understood(undefined, bare("GET")).action).toMatchObject({ method: "session/stream" });
    expect(understood(undefined, bare("DELETE")).action).toMatchObject({ method: "session/end" });
  });

  it("is read from the body alone: the same call in the stateless era", () => {
    const head = statelessHead("tools/call", "echo");
    const message = { ...CALL, params: statelessParams({ name: "echo", arguments: { a: 1 } }) };
    expect(understood(bytesOf(message), head).action).toMatchObject({
      tool: "echo",
      args: { a: 1 },
    });
  });

  it("goes to the configured URL itself", () => {
    expect(mcpWire.open(mcpHead()).target).toBe("");
    const { upstream } = mcpHead();
    const bare = mcpHead({ upstream: { ...upstream, pathPrefix: "" } });
    expect(mcpWire.open(bare).target).toBe("/");
  });

  it("is sent on byte for byte, unless policy took something out", () => {
    const body = Buffer.from(`{ "jsonrpc":"2.0", "id":7,"method":"ping" }`);
    const asked = understood(body);
    const untouched = asked.compose({ redacted: undefined, outputTokens: undefined });
    expect(untouched).toEqual({ kind: "bytes", bytes: body });
    const redacted = asked.compose({ redacted: { jsonrpc: "2.0" }, outputTokens: undefined });
    expect(redacted).toEqual({ kind: "bytes", bytes: Buffer.from(`{"jsonrpc":"2.0"}`) });
    expect(asked.source()).toBe(body.toString());
  });

  it("is looked at as a whole: an id can carry a secret as well as an argument", () => {
    const body = bytesOf({ ...CALL, id: "leak" });
    expect(understood(body).scannable).toMatchObject({ kind: "json", value: { id: "leak" } });
  });
});

describe("what cannot be asked", () => {
  it.each([
    ["no JSON", "{", 400, -32700],
    ["duplicate keys", `{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}`, 400, -32700],
    ["a batch", `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, 400, -32600],
    ["a request without an id", `{"jsonrpc":"2.0","method":"tools/call"}`, 400, -32600],
    [
      "a notification with one",
      `{"jsonrpc":"2.0","id":1,"method":"notifications/initialized"}`,
      400,
      -32600,
    ],
    [
      "a call of no tool",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}`,
      200,
      -32602,
    ],
    [
      "a name in other case",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}`,
      200,
      -32602,
    ],
    [
      "arguments behind a long s",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","argument\u017f":{}}}`,
      200,
      -32602,
    ],
    [
      "a task id in other case",
      `{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"a","taskid":"b"}}`,
      200,
      -32602,
    ],
    [
      "an argument beside its twin",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"amount":5,"Amount":5000}}}`,
      200,
      -32602,
    ],
    [
      "a reference of no type",
      `{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"name":"a"}}}`,
      200,
      -32602,
    ],
    [
      "arguments in a list",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":[]}}`,
      200,
      -32602,
    ],
    ["an unknown method", `{"jsonrpc":"2.0","id":1,"method":"tools/run"}`, 200, -32601],
    ["a method of Object", `{"jsonrpc":"2.0","id":1,"method":"constructor"}`, 200, -32601],
    [
      "an exchange that is no method",
      `{"jsonrpc":"2.0","id":1,"method":"session/end"}`,
      200,
      -32601,
    ],
  ])("is refused in JSON-RPC: %s", (_, body, status, code) => {
    const reply = refused(Buffer.from(body));
    expect(reply).toMatchObject({ status, json: { jsonrpc: "2.0", error: { code } } });
    expect(reply.headers["content-type"]).toBe("application/json");
  });

  it("is refused with the id it came with, as soon as one could be read", () => {
    expect(refused(bytesOf({ ...CALL, method: "x" })).json).toMatchObject({ id: 7 });
    expect(refused(Buffer.from("[]")).json).not.toHaveProperty("id");
  });

  it.each([
    "file:///a/../etc/x",
    "file:///a/%2E%2e/x",
    "d:///a%2f..%2fx",
    "file:///a\\..",
    "d:///./x",
  ])("is a resource by a way up: %s", (uri) => {
    const params = { uri };
    const message = { jsonrpc: "2.0", id: 1, method: "resources/read", params };
    expect(refused(bytesOf(message)).json).toMatchObject({ error: { code: -32602 } });
  });

  it("takes dots in a URI that are no way up", () => {
    for (const uri of ["file:///a/.env", "file:///a..b/...", "docs:///v1.2/..x"]) {
      const body = bytesOf({ jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri } });
      expect(understood(body).action).toMatchObject({ name: uri });
    }
  });

  it("says 404 to an unknown method in the stateless era, as its servers do", () => {
    const message = { jsonrpc: "2.0", id: 1, method: "tools/run", params: statelessParams() };
    const reply = refused(bytesOf(message), statelessHead("tools/run"));
    expect(reply).toMatchObject({ status: 404, json: { error: { code: -32601 } } });
  });

  it.each(["resources/subscribe", "ping", "logging/setLevel", "initialize"])(
    "does not know %s in the stateless era, which has dropped it",
    (method) => {
      const params = statelessParams({ uri: "a:b" });
      const reply = refused(
        bytesOf({ jsonrpc: "2.0", id: 1, method, params }),
        statelessHead(method),
      );
      expect(reply).toMatchObject({ status: 404, json: { error: { code: -32601 } } });
    },
  );

  it.each(["server/discover", "subscriptions/listen"])(
    "does not know %s in the session era, which had not heard of it",
    (method) => {
      const reply = refused(bytesOf({ jsonrpc: "2.0", id: 1, method }));
      expect(reply).toMatchObject({ status: 200, json: { error: { code: -32601 } } });
    },
  );

  it("drops an unknown notification without an answer", () => {
    const reply = refused(bytesOf({ jsonrpc: "2.0", method: "notifications/x" }));
    expect(reply).toMatchObject({ status: 202, body: "" });
    expect(reply.headers).not.toHaveProperty("content-type");
    expect(reply.headers["x-sallyport-decision"]).toBe("unknown_endpoint");
  });

  it("answers a body of another type with 415", () => {
    const typed = (type: string) => mcpHead({ headers: { "content-type": type } });
    for (const type of ["text/plain", "application/json; charset=utf-16", "application/jsonx"]) {
      expect(refused(bytesOf(CALL), typed(type)).status).toBe(415);
    }
    expect(understood(bytesOf(CALL), typed("application/json; charset=utf-8"))).toBeDefined();
  });

  it("finds nothing below the endpoint, with a plain 404 that ends OAuth discovery", () => {
    const path = "/.well-known/oauth-protected-resource";
    const reply = refused(undefined, mcpHead({ method: "GET", path, rawPath: path }));
    expect(reply).toMatchObject({
      status: 404,
      json: { error: { data: { code: "no_such_upstream" } } },
    });
  });

  it("uses no other HTTP methods", () => {
    const reply = refused(undefined, mcpHead({ method: "PUT" }));
    expect(reply).toMatchObject({ status: 405, headers: { allow: "POST, GET, DELETE" } });
  });
});

describe("a refusal in MCP's words", () => {
  const DENIAL = {
    code: "policy_denied",
    detail: "Tool echo is not allowed.",
    remedy: "Use read_page.",
    rules: ["no-echo"],
    retry_after_s: 2,
    request_id: "exc_1",
  };

  it("answers a tool call with a result that says no, which models get to read", () => {
    const { status, json, headers } = deny(CALL, "policy_denied");
    expect(status).toBe(200);
    expect(json).toEqual({
      jsonrpc: "2.0",
      id: 7,
      result: {
        content: [{ type: "text", text: expect.stringContaining("Use read_page.") }],
        isError: true,
        _meta: { "io.sallyport/denial": DENIAL },
      },
    });
    expect(json.result.content[0].text).toContain("Do not retry");
    expect(headers).toMatchObject({ "x-sallyport-rule": "no-echo", "x-request-id": "exc_1" });
  });

  it("points a model that is told no at the list, unless a rule knows better", () => {
    const exchange = mcpWire.open(mcpHead());
    atOnce(exchange.interpret(bytesOf(CALL), mcpContext()));
    const { body } = exchange.refuse({ code: "policy_denied", detail: "No." });
    expect(body).toContain("tools/list names the tools");
    expect(deny(CALL, "policy_denied").body).not.toContain("tools/list");
  });

  it("marks that result complete in the stateless era, where clients insist", () => {
    const message = { ...CALL, params: statelessParams({ name: "echo" }) };
    const { json } = deny(message, "policy_denied", statelessHead("tools/call", "echo"));
    expect(json.result).toMatchObject({ resultType: "complete", isError: true });
  });

  it.each([
    "request_blocked",
    "approval_required",
    "budget_exceeded",
    "rate_limited",
    "ledger_unavailable",
    "upstream_unreachable",
    "response_blocked",
    "internal",
  ] as const)("keeps a tool call's shape for %s", (code) => {
    const { status, json } = deny(CALL, code);
    expect(status).toBe(200);
    expect(json.result).toMatchObject({
      isError: true,
      _meta: { "io.sallyport/denial": { code } },
    });
  });

  it("answers every other request with a JSON-RPC error", () => {
    const message = { jsonrpc: "2.0", id: "r", method: "resources/read", params: { uri: "a:b" } };
    const { status, json } = deny(message, "policy_denied");
    expect(status).toBe(200);
    expect(json).toMatchObject({ id: "r", error: { code: -33009, data: DENIAL } });
    expect(json.error.message).toContain("Tool echo is not allowed.");
  });

  it.each([
    ["policy_denied", 202],
    ["budget_exceeded", 202],
    ["rate_limited", 429],
    ["ledger_unavailable", 503],
    ["upstream_unreachable", 502],
  ] as const)("tells the sender of a notification about %s by %i", (code, status) => {
    const message = { jsonrpc: "2.0", method: "notifications/initialized" };
    expect(deny(message, code).status).toBe(status);
  });

  it.each([
    ["GET", 405],
    ["DELETE", 405],
  ])("declines a session's %s as not offered", (method, status) => {
    const head = mcpHead({ method, hasBody: false });
    const exchange = mcpWire.open(head);
    atOnce(exchange.interpret(undefined, mcpContext()));
    const reply = exchange.refuse({ code: "policy_denied", detail: "No." });
    expect(reply).toMatchObject({ status, headers: { allow: "POST" } });
  });

  it.each([
    ["unauthenticated", 401],
    ["body_too_large", 413],
    ["draining", 503],
    ["agent_stopped", 403],
  ] as const)("says %s by %i before anything was read", (code, status) => {
    const reply = deny(undefined, code);
    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject({ jsonrpc: "2.0", error: { data: { code } } });
    expect(reply.json).not.toHaveProperty("id");
  });
});

describe.skipIf(corpus().length === 0)("the corpus of odd messages", () => {
  it.each(corpus())("does with $name what it must: $expect", ({ raw_b64, expect: must }) => {
    const body = Buffer.from(raw_b64, "base64");
    switch (must) {
      case "pass":
        expect(understood(body).action.kind).toMatch(/^(?:mcp|tool)$/);
        break;
      case "pass_without_pollution":
        expect(understood(body).action).toMatchObject({ kind: "tool", tool: "x" });
        expect(Object.prototype).not.toHaveProperty("admin");
        break;
      case "parse_error":
        expect(refused(body).json.error.code).toBe(-32700);
        break;
      case "error":
      case "error_or_policy":
      case "pass_or_error":
        expect(refused(body).json.error.code).toBeLessThan(-32000);
        break;
      default:
        throw new Error(`unknown expectation ${must}`);
    }
  });
});
