/** Progress reaches the client that waits, and its change of mind the server, across every bridge. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client as StatelessClient } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as StatelessTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

/** Reports progress, then waits for ever; writes down whose call was cancelled. */
const SLOW_SERVER = `
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
const say = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
const calls = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (method === "initialize") say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "slow", version: "1" } } });
  else if (method === "tools/list") say({ id, result: { tools: [{ name: "wait", inputSchema: { type: "object" } }] } });
  else if (method === "tools/call") {
    calls.set(id, params.arguments.who);
    const progressToken = params._meta?.progressToken;
    if (progressToken !== undefined) say({ method: "notifications/progress", params: { progressToken, progress: 1, total: 2 } });
  } else if (method === "notifications/cancelled") appendFileSync("cancelled.txt", (calls.get(params.requestId) ?? "unknown") + "\\n");
  else if (id !== undefined) say({ id, error: { code: -32601, message: "no" } });
}
`;

/** Of the 2025 era, over HTTP: begins to answer each call, and never ends. */
function startEndlessServer(cancelledIds: unknown[]): Promise<Server> {
  const server = createServer((asked, response) => {
    const chunks: Buffer[] = [];
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", () => {
      if (asked.method !== "POST") return void response.writeHead(405).end();
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
        readonly id?: number;
        readonly method: string;
        readonly params: { readonly requestId?: unknown };
      };
      if (method === "notifications/cancelled") cancelledIds.push(params.requestId);
      if (id === undefined) return void response.writeHead(202).end();
      if (method === "tools/call") {
        response.writeHead(200, { "content-type": "text/event-stream" }).write(": wait\n\n");
        return;
      }
      const tools = [{ name: "wait", inputSchema: { type: "object" } }];
      const serverInfo = { name: "endless", version: "1" };
      const known = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo };
      const result = method === "initialize" ? known : { tools };
      const headers = { "content-type": "application/json", "mcp-session-id": "endless" };
      response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const cancelledIds: unknown[] = [];
let endless: Server;
let home: string;
let sallyport: SallyportProcess;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "sallyport-cancel-"));
  writeFileSync(join(home, "slow.mjs"), SLOW_SERVER);
  writeFileSync(join(home, "cancelled.txt"), "");
  endless = await startEndlessServer(cancelledIds);
  const { port } = endless.address() as AddressInfo;
  const node = JSON.stringify(process.execPath);
  sallyport = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: slow, wire: mcp, stdio: { command: [${node}, slow.mjs], cwd: ${JSON.stringify(home)} } }
  - { name: endless, wire: mcp, url: "http://127.0.0.1:${port}/mcp", allow_private: true }
`,
    policies: {
      "tester.yaml":
        'version: 1\nagents: [tester]\nrules: [{ id: all, tools: ["*"], effect: allow }]\n',
    },
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  endless?.closeAllConnections();
  endless?.close();
  rmSync(home, { recursive: true, force: true });
});

const cancelled = (): readonly string[] =>
  readFileSync(join(home, "cancelled.txt"), "utf8").trim().split("\n");

interface Caller extends AsyncDisposable {
  call(who: string, signal: AbortSignal, onprogress: () => void): Promise<unknown>;
}

async function sessionCaller(path: string, name: string): Promise<Caller> {
  const client = new Client({ name: "t", version: "1" });
  await client.connect(new StreamableHTTPClientTransport(new URL(sallyport.url + path)) as never);
  return {
    call: (who, signal, onprogress) =>
      client.callTool({ name, arguments: { who } }, undefined, { signal, onprogress }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function statelessCaller(path: string, name: string): Promise<Caller> {
  const versionNegotiation = { mode: { pin: "2026-07-28" } };
  const client = new StatelessClient({ name: "t", version: "1" }, { versionNegotiation });
  await client.connect(new StatelessTransport(new URL(sallyport.url + path)));
  return {
    call: (who, signal, onprogress) =>
      client.callTool({ name, arguments: { who } }, { signal, onprogress }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

describe("a call that takes long", () => {
  it.each([
    ["of a session", () => sessionCaller("/mcp/slow", "wait")],
    [
      "of a stateless client, before a server with sessions",
      () => statelessCaller("/mcp/slow", "wait"),
    ],
    ["of a session with all servers", () => sessionCaller("/mcp", "slow.wait")],
    ["of a stateless client of all servers", () => statelessCaller("/mcp", "slow.wait")],
  ])("%s is heard of, and ends at its server when nobody waits", async (who, connect) => {
    await using caller = await connect();
    const leaving = new AbortController();
    let progress: () => void = () => {};
    const heard = new Promise<void>((resolve) => (progress = resolve));
    const answer = caller.call(who, leaving.signal, progress).then(
      () => "answered",
      () => "left",
    );
    await heard;
    leaving.abort();
    expect(await answer).toBe("left");
    await expect.poll(cancelled).toContain(who);
  });
});

it.each(["slow", "endless"])("a task that is cancelled ends at its server (%s)", async (name) => {
  const client = new Client({ name: "t", version: "1" });
  const url = new URL(`${sallyport.url}/mcp/${name}`);
  await client.connect(new StreamableHTTPClientTransport(url) as never);
  const { tasks } = client.experimental;
  const call = { name: "wait", arguments: { who: "a task" } };
  const stream = tasks.callToolStream(call, CallToolResultSchema, { task: {} });
  const { value } = await stream.next();
  const { taskId } = (value as { readonly task: { readonly taskId: string } }).task;
  expect(await tasks.cancelTask(taskId)).toMatchObject({ status: "cancelled" });
  if (name === "slow") await expect.poll(cancelled).toContain("a task");
  else await expect.poll(() => cancelledIds).toHaveLength(1);
  await client.close();
});
