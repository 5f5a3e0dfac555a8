/**
 * A server of sessions that forgets them, as one does that is started anew: a client without a
 * session does not notice, whatever words the server has for it.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

interface Message {
  readonly id?: number;
  readonly method: string;
}

/** Status and body of the answer to a session that is not known. */
type Words = (id: number | undefined) => readonly [number, object | undefined];

const notFound = { code: -32_001, message: "Session not found" };
const badRequest = { code: -32_000, message: "Bad Request: No valid session ID provided" };
const WAYS: Readonly<Record<string, Words>> = {
  "404 alone": () => [404, undefined],
  "404 with an error of nobody's": () => [404, { jsonrpc: "2.0", id: null, error: notFound }],
  "404 with the request's error": (id) => [404, { jsonrpc: "2.0", id, error: notFound }],
  "400, as the SDKs' examples": () => [400, { jsonrpc: "2.0", id: null, error: badRequest }],
  "400 with the request's error": (id) => [400, { jsonrpc: "2.0", id, error: badRequest }],
};

const RESULTS: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {}, logging: {} },
    serverInfo: { name: "forgetful", version: "1" },
  },
  "tools/list": { tools: [{ name: "look", inputSchema: { type: "object" } }] },
  "tools/call": { content: [{ type: "text", text: "12 knots" }] },
};

const known = new Set<string>();
let opened = 0;
let remembers = true;
let words: Words = () => [404, undefined];
let server: Server;
let sallyport: SallyportProcess;

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      if (request.method !== "POST") return response.writeHead(405).end();
      const { id, method } = JSON.parse(body) as Message;
      const session = String(request.headers["mcp-session-id"] ?? "");
      if (method !== "initialize" && !known.has(session)) {
        const [status, said] = words(id);
        response.writeHead(status, { "content-type": "application/json" });
        return response.end(said === undefined ? "" : JSON.stringify(said));
      }
      if (id === undefined) return response.writeHead(202).end();
      const mine = method === "initialize" ? `s${(opened += 1)}` : session;
      if (remembers) known.add(mine);
      response.writeHead(200, { "content-type": "application/json", "mcp-session-id": mine });
      return response.end(JSON.stringify({ jsonrpc: "2.0", id, result: RESULTS[method] ?? {} }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  sallyport = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: old, wire: mcp, url: "${url}", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules: [{ id: tools, tools: ["*.*"], effect: allow }]
`,
    },
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  server?.closeAllConnections();
  server?.close();
});

const META = "io.modelcontextprotocol/";

async function call(path = "/mcp/old", name = "look", more: object = {}): Promise<string> {
  const _meta = {
    [`${META}protocolVersion`]: "2026-07-28",
    [`${META}clientCapabilities`]: {},
    ...more,
  };
  const params = { name, arguments: {}, _meta };
  const reply = await fetch(sallyport.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": name,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params }),
  });
  return reply.text();
}

describe.each(Object.entries(WAYS))("a session that was forgotten (%s)", (_, said) => {
  beforeEach(async () => {
    words = said;
    expect(await call()).toContain("12 knots");
    known.clear();
  });

  it("is opened anew, and the call made in it", async () => {
    expect(await call()).toContain("12 knots");
  });

  it("is opened anew for a call to one of all servers", async () => {
    expect(await call("/mcp", "old.look")).toContain("12 knots");
  });

  it("is opened anew for who wants to hear the server's log", async () => {
    expect(await call("/mcp/old", "look", { [`${META}logLevel`]: "debug" })).toContain("12 knots");
  });

  it("is opened anew for many calls at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => call()));
    for (const answer of answers) expect(answer).toContain("12 knots");
  });
});

it("a server that forgets every session at once is heard in words", async () => {
  words = () => [404, { jsonrpc: "2.0", id: null, error: notFound }];
  await call();
  remembers = false;
  known.clear();
  expect(await call()).toContain("HTTP status 404");
});
