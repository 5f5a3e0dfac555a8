/** Several processes behind one address: an MCP session works, whichever gets its next request. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Client as StatelessClient } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as StatelessTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Agent, fetch as plainFetch } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServerEverything, type ServerEverything } from "../support/server-everything.ts";
import { startStatelessServer, type StatelessServer } from "../support/stateless-server.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const WORKERS = 3;
/** Enough for every worker to get some of them, as the kernel deals. */
const CALLS = WORKERS * 6;
const KEYS = { ada: "spt_key-of-ada-0123456789", bob: "spt_key-of-bob-0123456789" };
const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");
const STDIO = fileURLToPath(
  import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"),
);

let everything: ServerEverything;
let stateless: StatelessServer;
let sallyport: SallyportProcess;

beforeAll(async () => {
  everything = await startServerEverything();
  stateless = await startStatelessServer();
  const node = JSON.stringify(process.execPath);
  sallyport = await startSallyport({
    config: `
workers: ${WORKERS}
agents:
  - { name: ada, key_sha256: ${hashOf(KEYS.ada)} }
  - { name: bob, key_sha256: ${hashOf(KEYS.bob)} }
upstreams:
  - { name: relayed, wire: mcp, url: "${everything.url}", allow_private: true }
  - { name: fronted, wire: mcp, url: "${stateless.url}", allow_private: true }
  - { name: spawned, wire: mcp, stdio: { command: [${node}, ${JSON.stringify(STDIO)}, stdio] } }
`,
    policies: {
      "both.yaml": `
version: 1
agents: [ada, bob]
rules:
  - { id: tools, tools: ["*.*"], effect: allow }
  - { id: rest, mcp: { upstreams: ["*"] }, effect: allow }
`,
    },
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  await everything?.[Symbol.asyncDispose]();
  await stateless?.[Symbol.asyncDispose]();
});

/** Each request over a connection of its own, for any worker. */
const turning = ((url: string | URL, init: RequestInit) =>
  plainFetch(url, { ...(init as object), dispatcher: new Agent() })) as never;

const options = (key: string) => ({
  fetch: turning,
  requestInit: { headers: { "x-sallyport-key": key } },
});

async function opened(path: string, key = KEYS.ada) {
  const client = new Client({ name: "t", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(sallyport.url + path), options(key));
  await client.connect(transport as never);
  return { client, transport, [Symbol.asyncDispose]: () => client.close() };
}

describe("a session", () => {
  it.each([
    ["of the server itself", "/mcp/relayed", "echo", { message: "hi" }],
    ["before a server without sessions", "/mcp/fronted", "echo", { text: "hi" }],
    ["with a process", "/mcp/spawned", "echo", { message: "hi" }],
    ["with all servers at once", "/mcp", "spawned.echo", { message: "hi" }],
  ])("%s is one in every process", { timeout: 60_000 }, async (_, path, name, args) => {
    await using session = await opened(path);
    for (let i = 0; i < CALLS; i += 1) {
      const { content } = await session.client.callTool({ name, arguments: args });
      expect(JSON.stringify(content)).toContain("hi");
    }
    expect(session.transport.sessionId).toBeDefined();
  });

  it.each(["/mcp/relayed", "/mcp/fronted", "/mcp/spawned", "/mcp"])(
    "at %s is nobody else's in any process",
    async (path) => {
      await using mine = await opened(path);
      const statuses = new Set<number>();
      for (let i = 0; i < CALLS; i += 1) {
        const stolen = await plainFetch(sallyport.url + path, {
          dispatcher: new Agent(),
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            "x-sallyport-key": KEYS.bob,
            "mcp-session-id": mine.transport.sessionId ?? "",
          },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
        });
        await stolen.text();
        statuses.add(stolen.status);
      }
      expect([...statuses]).toEqual([404]);
    },
  );

  it("of the old transport gets its messages from every process", { timeout: 60_000 }, async () => {
    const client = new Client({ name: "t", version: "1" });
    const url = new URL(`${sallyport.url}/mcp/spawned/sse`);
    await client.connect(new SSEClientTransport(url, options(KEYS.ada)) as never);
    for (let i = 0; i < CALLS; i += 1) {
      const args = { name: "echo", arguments: { message: `hi ${i}` } };
      expect(JSON.stringify(await client.callTool(args))).toContain(`hi ${i}`);
    }
    await client.close();
  });
});

it("a stateless client's question and answer meet, in whichever processes", async () => {
  const client = new StatelessClient(
    { name: "t", version: "1" },
    {
      capabilities: { elicitation: {} },
      versionNegotiation: { mode: { pin: "2026-07-28" } },
    },
  );
  client.setRequestHandler("elicitation/create", () =>
    Promise.resolve({ action: "decline" as const }),
  );
  const transport = new StatelessTransport(
    new URL(`${sallyport.url}/mcp/relayed`),
    options(KEYS.ada),
  );
  await client.connect(transport);
  for (let i = 0; i < WORKERS * 2; i += 1) {
    const args = { name: "trigger-elicitation-request", arguments: {} };
    expect(JSON.stringify(await client.callTool(args))).toMatch(/declin/i);
  }
  await client.close();
});

it("whose process died is over, and the client can begin anew", { timeout: 60_000 }, async () => {
  await using session = await opened("/mcp/spawned");
  const { sessionId = "" } = session.transport;
  expect(sessionId).toMatch(/^spc_\d+\./);
  // A worker of that number never was: nobody answers for it.
  const gone = sessionId.replace(/^spc_\d+\./, "spc_77.");
  const answer = await plainFetch(`${sallyport.url}/mcp/spawned`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "x-sallyport-key": KEYS.ada,
      "mcp-session-id": gone,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  expect(answer.status).toBe(404);
  await answer.text();
});
