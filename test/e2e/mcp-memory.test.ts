/** Thousands of calls, denials, lists and sessions, and the heap is what it was. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openLiveHeap } from "../support/live-heap.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const VERSION = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": VERSION,
  "io.modelcontextprotocol/clientCapabilities": {},
};
/** Enough to fill what is bounded: the last 2,000 refusals are kept on purpose. */
const WARM_ROUNDS = 3_000;
const ROUNDS = 3_000;
const TRIES = 4;
/** Of one round: its five requests make six exchanges, of which nothing may stay. */
const GROWTH_BYTES_MAX = 300;

let server: Server;
let sallyport: SallyportProcess;
const agent = new Agent({ connections: 8 });

beforeAll(async () => {
  server = createServer((asked, response) => {
    const chunks: Buffer[] = [];
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", () => {
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString()) as {
        id?: number;
        method: string;
      };
      const known = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
      const result =
        method === "server/discover"
          ? { ...known, supportedVersions: [VERSION], capabilities: { tools: {} } }
          : method === "tools/list"
            ? { ...known, tools: [{ name: "look", inputSchema: { type: "object" } }] }
            : { resultType: "complete", content: [{ type: "text", text: "12 knots" }] };
      const isOurs = method !== "initialize";
      const body = isOurs
        ? { jsonrpc: "2.0", id, result }
        : { jsonrpc: "2.0", id, error: { code: -32601, message: "no sessions here" } };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  sallyport = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: tools, wire: mcp, url: "http://127.0.0.1:${port}/mcp", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
budgets: { calls: { limit: 100000000 calls, per: agent, window: day } }
rules:
  - { id: look, tools: [tools.look], effect: allow, charge: calls }
inspect:
  - { id: in, on: [request, tool_result], find: [secret, injection], at: high, do: block }
`,
    },
    nodeFlags: ["--inspect=127.0.0.1:0"],
  });
});

afterAll(async () => {
  await agent.close();
  await sallyport?.[Symbol.asyncDispose]();
  server?.closeAllConnections();
  server?.close();
});

async function post(
  path: string,
  message: object,
  headers: Record<string, string>,
): Promise<{ readonly session: string; readonly text: string }> {
  const answer = await request(sallyport.url + path, {
    method: "POST",
    dispatcher: agent,
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
  });
  const session = String(answer.headers["mcp-session-id"] ?? "");
  return { session, text: await answer.body.text() };
}

async function call(path: string, name: string, id: number): Promise<string> {
  const headers = { "mcp-protocol-version": VERSION, "mcp-method": "tools/call", "mcp-name": name };
  const params = { name, arguments: { text: `look ${id}` }, _meta: META };
  return (await post(path, { id, method: "tools/call", params }, headers)).text;
}

/** One of each: a call, a denial, a call by way of the federation, and a session from end to end. */
async function round(id: number): Promise<void> {
  expect(await call("/mcp/tools", "look", id)).toContain("12 knots");
  expect(await call("/mcp/tools", `not-${id}`, id)).toContain(`"isError":true`);
  expect(await call("/mcp", "tools.look", id)).toContain("12 knots");
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "t", version: "1" },
  };
  const { session } = await post("/mcp/tools", { id, method: "initialize", params }, {});
  expect(session).not.toBe("");
  const headers = { "mcp-session-id": session };
  const ended = await request(`${sallyport.url}/mcp/tools`, {
    method: "DELETE",
    dispatcher: agent,
    headers,
  });
  await ended.body.dump();
}

async function rounds(from: number, count: number): Promise<void> {
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < from + count) await round((next += 1));
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

it("does not grow with the number of calls", { timeout: 240_000 }, async () => {
  using heap = await openLiveHeap(() => sallyport.output());
  await rounds(0, WARM_ROUNDS);
  let before = await heap.used();
  const growths: number[] = [];
  // The compiler keeps things too, for a while; what leaks grows every time.
  while (growths.length < TRIES && !growths.some((bytes) => bytes < GROWTH_BYTES_MAX)) {
    await rounds(WARM_ROUNDS + growths.length * ROUNDS, ROUNDS);
    const after = await heap.used();
    growths.push((after - before) / ROUNDS);
    before = after;
  }
  expect(Math.min(...growths), `of ${growths.join(", ")}`).toBeLessThan(GROWTH_BYTES_MAX);
});
