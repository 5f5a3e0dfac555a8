/** What the MCP door must not do, however it is asked: reach a server, mix up agents, wait for ever. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { startServerEverything, type ServerEverything } from "../support/server-everything.ts";

const KEYS = { ada: "spt_key-of-ada-0123456789", bob: "spt_key-of-bob-0123456789" };
const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

/** A process that starts leaves this file. */
const started = join(mkdtempSync(join(tmpdir(), "sallyport-guard-")), "started");

let everything: ServerEverything;
let watched: RecordingUpstream;
let sallyport: SallyportProcess;

beforeAll(async () => {
  everything = await startServerEverything();
  watched = await startRecordingUpstream((_, response) => {
    response.end("{}");
  });
  sallyport = await startSallyport({
    config: `
agents:
  - { name: ada, key_sha256: ${hashOf(KEYS.ada)} }
  - { name: bob, key_sha256: ${hashOf(KEYS.bob)} }
upstreams:
  - { name: every, wire: mcp, url: "${everything.url}", allow_private: true, deadlines: [{ tool: trigger-long-*, ms: 300 }] }
  - { name: watched, wire: mcp, url: "${watched.url}/mcp", allow_private: true }
  - { name: streamed, wire: mcp, transport: sse, url: "${watched.url}/sse", allow_private: true }
  - { name: spawned, wire: mcp, stdio: { command: [/usr/bin/touch, "${started}"] } }
`,
    policies: {
      "both.yaml": `
version: 1
agents: [ada, bob]
rules:
  - { id: every, tools: ["every.*"], effect: allow }
  - { id: rest, mcp: { upstreams: [every] }, effect: allow }
`,
      "nearly.yaml": `
version: 1
agents: [ada]
budgets:
  small: { limit: 1 USD, per: agent, window: day }
rules:
  - { id: named, tools: ["*.named"], when: args.amount < 5, effect: allow }
  - { id: dear, tools: ["*.dear"], effect: allow, charge: { budget: small, amount: args.amount, currency: USD } }
  - { id: asked, tools: ["*.asked"], effect: approve, approval: { approvers: ["role:manager"], expires: 1h, hold_max: 0s } }
  - { id: told, tools: ["*.told"], effect: allow }
inspect:
  - { id: keys, on: [request], find: [secret], do: block }
`,
    },
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  await everything?.[Symbol.asyncDispose]();
  await watched?.[Symbol.asyncDispose]();
  rmSync(dirname(started), { recursive: true });
});

async function connect(key: string) {
  const client = new Client({ name: "t", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(`${sallyport.url}/mcp/every`), {
    requestInit: { headers: { "x-sallyport-key": key } },
  });
  await client.connect(transport as never);
  return { client, transport, [Symbol.asyncDispose]: () => client.close() };
}

const VERSION = "io.modelcontextprotocol/protocolVersion";
const STATELESS_META = {
  [VERSION]: "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
};

describe("a denied call", () => {
  it("reaches its server with no byte, whatever it looks like", { timeout: 60_000 }, async () => {
    const anyCall = fc.record({
      server: fc.constantFrom("watched", "streamed", "spawned"),
      door: fc.constantFrom("/mcp/", "/mcp", "/"),
      method: fc.constantFrom("tools/call", "prompts/get", "resources/read", "completion/complete"),
      id: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      name: fc.oneof(fc.constantFrom("pay", "watched.pay", "every.echo.pay", ""), fc.string()),
      args: fc.oneof(fc.jsonValue(), fc.object({ maxDepth: 3 })),
      era: fc.constantFrom("2025", "2026"),
      lie: fc.boolean(),
    });
    const asked = fc.asyncProperty(anyCall, async (call) => {
      const { server, door, method, id, name, args, era, lie } = call;
      const path = door === "/mcp" ? door : door + server;
      const own = door === "/mcp" ? `${server}.${name}` : name;
      const uri = door === "/mcp" ? `mcp://${server}/${name}` : name;
      const ref = { type: "ref/prompt", name: own };
      const params = { name: own, uri, ref, arguments: args };
      const meta = { [VERSION]: "2026-07-28" };
      const stateless = era === "2026";
      const said = lie ? "other" : method === "resources/read" ? uri : own;
      const mirror = `=?base64?${Buffer.from(said).toString("base64")}?=`;
      const response = await fetch(`${sallyport.url}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "x-sallyport-key": KEYS.ada,
          ...(stateless && {
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": method,
            "mcp-name": mirror,
          }),
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id,
          method,
          params: stateless ? { ...params, _meta: meta } : params,
        }),
      });
      await response.text();
      expect(watched.connections).toBe(0);
      expect(existsSync(started)).toBe(false);
    });
    await fc.assert(asked, { numRuns: 300 });
  });

  it.each([
    ["a condition that is not met", "named", { amount: 5 }, "policy_denied"],
    ["a budget that has too little left", "dear", { amount: 5 }, "budget_exceeded"],
    ["a person who has not said yes", "asked", {}, "approval_required"],
    ["a secret in its arguments", "told", { key: "AKIAZ7QJ4T2WXN5LKD3M" }, "request_blocked"],
  ])("reaches its server with no byte for %s", async (_, tool, args, code) => {
    for (const server of ["watched", "streamed", "spawned"]) {
      for (const path of [`/mcp/${server}`, "/mcp"]) {
        const name = path === "/mcp" ? `${server}.${tool}` : tool;
        for (const stateless of [false, true]) {
          const params = { name, arguments: args, ...(stateless && { _meta: STATELESS_META }) };
          const response = await fetch(sallyport.url + path, {
            method: "POST",
            headers: {
              "content-type": "application/json",
              accept: "application/json, text/event-stream",
              "x-sallyport-key": KEYS.ada,
              ...(stateless && {
                "mcp-protocol-version": "2026-07-28",
                "mcp-method": "tools/call",
                "mcp-name": name,
              }),
            },
            body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
          });
          const text = await response.text();
          // The federation serves session clients in sessions only.
          if (path !== "/mcp" || stateless) expect(text).toContain(code);
        }
      }
    }
    expect(watched.connections).toBe(0);
    expect(existsSync(started)).toBe(false);
  });
});

describe("a session", () => {
  it("works for the agent that opened it, and for no other that learned its id", async () => {
    await using ada = await connect(KEYS.ada);
    const list = (key: string): Promise<Response> =>
      fetch(`${sallyport.url}/mcp/every`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "x-sallyport-key": key,
          "mcp-session-id": ada.transport.sessionId ?? "",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/list" }),
      });
    expect((await list(KEYS.bob)).status).toBe(404);
    expect((await list(KEYS.ada)).status).toBe(200);
  });
});

describe("a deadline of a tool", () => {
  it("ends the call in words, and leaves other tools alone", async () => {
    await using ada = await connect(KEYS.ada);
    const slow = await ada.client.callTool({
      name: "trigger-long-running-operation",
      arguments: { duration: 30, steps: 2 },
    });
    expect(slow.isError).toBe(true);
    expect(JSON.stringify(slow)).toContain("took too long");
    const quick = await ada.client.callTool({ name: "echo", arguments: { message: "hi" } });
    expect(JSON.stringify(quick)).toContain("Echo: hi");
  });
});

describe("a page in a browser", () => {
  it.each([
    ["a host that is none of ours", { host: "evil.example:80" }],
    ["an origin that is none of ours", { origin: "https://evil.example" }],
  ])("is not answered under %s", async (_, headers) => {
    for (const path of ["/mcp", "/mcp/every", "/mcp/every/sse"]) {
      const status = await statusOf(path, headers);
      expect(status).toBe(403);
    }
  });
});

/** `fetch` would not send another Host. */
async function statusOf(path: string, headers: Record<string, string>): Promise<number> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const asked = request(
      `${sallyport.url}${path}`,
      { headers: { ...headers, "x-sallyport-key": KEYS.ada } },
      (response) => {
        response.destroy();
        resolve(response.statusCode ?? 0);
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}
