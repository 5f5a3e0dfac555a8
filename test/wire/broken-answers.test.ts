import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outcomeOf, readRecorded } from "../support/recorded.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

interface Dialect {
  readonly path: string;
  readonly body: unknown;
  /** What the upstream says before it breaks. */
  readonly first: string;
  /** What the client reads at the end. */
  readonly last: (code: string) => RegExp;
}

const MESSAGES = [{ role: "user", content: "hi" }];

const MCP: Dialect = {
  path: "/mcp/tools",
  body: { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "slow", arguments: {} } },
  first:
    "event: message\n" +
    'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}\n\n',
  last: (code) => new RegExp(`\\ndata: \\{[^\\n]*"id":7[^\\n]*"code":"${code}"[^\\n]*\\n\\n$`),
};

const DIALECTS: Readonly<Record<string, Dialect>> = {
  "OpenAI chat": {
    path: "/openai/v1/chat/completions",
    body: { model: "m", stream: true, messages: MESSAGES },
    first: 'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n',
    last: (code) => new RegExp(`\\ndata: \\{"error":\\{[^\\n]*"code":"${code}"[^\\n]*\\n\\n$`),
  },
  "OpenAI responses": {
    path: "/openai/v1/responses",
    body: { model: "m", stream: true, input: "hi" },
    first:
      "event: response.created\n" +
      'data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1"}}\n\n',
    last: () =>
      /event: response\.failed\ndata: \{[^\n]*"id":"resp_1"[^\n]*invalid_prompt[^\n]*\n\n$/,
  },
  Anthropic: {
    path: "/anthropic/v1/messages",
    body: { model: "m", stream: true, max_tokens: 9, messages: MESSAGES },
    first: 'event: ping\ndata: {"type":"ping"}\n\n',
    last: (code) =>
      new RegExp(`event: error\\ndata: \\{"type":"error"[^\\n]*"${code}"[^\\n]*\\n\\n$`),
  },
  Gemini: {
    path: "/gemini/v1beta/models/m:streamGenerateContent?alt=sse",
    body: { contents: [{ parts: [{ text: "hi" }] }] },
    first: 'data: {"candidates":[{"content":{"parts":[{"text":"Hel"}]}}]}\n\n',
    last: (code) => new RegExp(`\\ndata: \\{"error":\\{"code":\\d+[^\\n]*${code}[^\\n]*\\n\\n$`),
  },
  MCP,
};
const NAMES = Object.keys(DIALECTS);
const ANY_PRICE = "prices: { unpriced: { input_usd_per_mtok: 1, output_usd_per_mtok: 1 } }\n";
const POLICY = `version: 1
agents: [tester]
rules:
  - { id: models, llm: { models: ["*"] }, effect: allow }
  - { id: tools, tools: ["tools.*"], effect: allow }
`;

/** Breaks the stream it began, or leaves it open. */
let then: (response: ServerResponse) => void;
/** Where true the upstream says nothing, not even a head. */
let mute = false;
let upstream: RecordingUpstream;

beforeAll(async () => {
  upstream = await startRecordingUpstream((request, response, body) => {
    if (mute) return;
    const url = request.url ?? "";
    const asked = Object.values(DIALECTS).find(({ path }) => path.endsWith(url)) ?? MCP;
    const id = body.includes("resumable") ? "id: 1\n" : "";
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`${id}${asked.first}`, () => then(response));
  });
});
afterAll(() => upstream[Symbol.asyncDispose]());

function startGateway(more: string, timeouts = ""): Promise<SallyportProcess> {
  const entry = (name: string, wire: string): string =>
    `  - { name: ${name}, wire: ${wire}, url: "${upstream.url}", allow_private: true${timeouts} }\n`;
  const wires = ["openai", "anthropic", "gemini"].map((wire) => entry(wire, wire)).join("");
  return startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n" +
      `${ANY_PRICE}${more}upstreams:\n${wires}${entry("tools", "mcp")}`,
    policies: { "all.yaml": POLICY },
  });
}

function ask(gateway: SallyportProcess, { path, body }: Dialect): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify(body),
  });
}

describe("a stream that its upstream breaks off", () => {
  let gateway: SallyportProcess;
  beforeAll(async () => {
    gateway = await startGateway("");
    then = (response) => response.socket?.resetAndDestroy();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it.each(NAMES)("ends in the terminal error of %s, which names upstream_broken", async (name) => {
    const dialect = DIALECTS[name] as Dialect;
    const reply = await ask(gateway, dialect);
    const text = await reply.text();
    expect(text.startsWith(dialect.first)).toBe(true);
    expect(text).toMatch(dialect.last("upstream_broken"));
    expect(text).not.toContain("[DONE]");
  });

  it("breaks for an MCP client that can resume it: the call may still succeed", async () => {
    const params = { name: "resumable", arguments: {} };
    const body = { jsonrpc: "2.0", id: 7, method: "tools/call", params };
    const call = { ...MCP, body };
    await expect((await ask(gateway, call)).text()).rejects.toThrow();
  });
});

describe("a stream that takes longer than all of it may", () => {
  it("ends in its dialect's terminal error, which names upstream_timeout", async () => {
    then = () => {};
    await using gateway = await startGateway("", ", timeouts: { total_ms: 700 }");
    const replies = await Promise.all(NAMES.map((name) => ask(gateway, DIALECTS[name] as Dialect)));
    for (const [index, name] of NAMES.entries()) {
      const dialect = DIALECTS[name] as Dialect;
      const text = (await replies[index]?.text()) ?? "";
      expect(text.startsWith(dialect.first), name).toBe(true);
      expect(text, name).toMatch(dialect.last("upstream_timeout"));
    }
  });
});

describe("a call that outlasts the drain before its answer began", () => {
  it("is refused in its dialect's words, and the record says that the gateway did", async () => {
    mute = true;
    await using gateway = await startGateway("limits: { drain_ms: 200 }\n");
    const before = upstream.requests.length;
    const asked = NAMES.map((name) => ask(gateway, DIALECTS[name] as Dialect));
    await expect.poll(() => upstream.requests.length - before).toBe(NAMES.length);
    expect(await gateway.stop()).toBe(0);
    const recorded = await readRecorded(gateway.dataDirectory);
    for (const [index, name] of NAMES.entries()) {
      const reply = (await asked[index]) as Response;
      expect(await reply.text(), name).toContain("draining");
      expect(reply.status, name).toBe(name === "MCP" ? 200 : 503);
      const exchange = reply.headers.get("x-sallyport-exchange") ?? "";
      expect(outcomeOf(recorded, exchange).outcome, name).toMatchObject({ code: "draining" });
    }
    mute = false;
  });
});

describe("a stream that outlasts the drain", () => {
  it("ends in its dialect's terminal error, which names draining", async () => {
    then = () => {};
    await using gateway = await startGateway("limits: { drain_ms: 200 }\n");
    const replies = await Promise.all(NAMES.map((name) => ask(gateway, DIALECTS[name] as Dialect)));
    const texts = replies.map((reply) => reply.text());
    expect(await gateway.stop()).toBe(0);
    for (const [index, name] of NAMES.entries()) {
      expect(await texts[index], name).toMatch((DIALECTS[name] as Dialect).last("draining"));
    }
    const recorded = await readRecorded(gateway.dataDirectory);
    for (const reply of replies) {
      const exchange = reply.headers.get("x-sallyport-exchange") ?? "";
      expect(outcomeOf(recorded, exchange).outcome).toMatchObject({
        kind: "cut",
        code: "draining",
      });
    }
  });
});
