/**
 * A server that makes it easy for thieves: it counts its sessions, takes whatever id or state a
 * client brings along, and asks nobody who they are.
 */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const KEYS = { ada: "spt_key-of-ada-0123456789", mal: "spt_key-of-mal-0123456789" };
type Agent = keyof typeof KEYS;
const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");
const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

const ASKED = { mode: "form", message: "Sure?", requestedSchema: { type: "object" } };

let next = 1;
let server: RecordingUpstream;
let sallyport: SallyportProcess;

beforeAll(async () => {
  server = await startRecordingUpstream((request, response, body) => {
    if (request.method !== "POST") return void response.end();
    const { id, method, params } = JSON.parse(body.toString()) as {
      id?: unknown;
      method: string;
      params?: { requestState?: string };
    };
    response.setHeader("content-type", "application/json");
    if (method === "initialize") {
      const brought = request.headers["mcp-session-id"];
      response.setHeader("mcp-session-id", brought ?? String((next += 1)));
    }
    if (method === "tools/call") {
      const content = [{ type: "text", text: `paid with ${params?.requestState}` }];
      const inputRequests = { sure: { method: "elicitation/create", params: ASKED } };
      const requestState = `state ${(next += 1)}`;
      const done = params?.requestState !== undefined;
      const said = done
        ? { resultType: "complete", content }
        : { resultType: "input_required", inputRequests, requestState };
      return void response.end(JSON.stringify({ jsonrpc: "2.0", id, result: said }));
    }
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "naive", version: "1" },
      supportedVersions: ["2025-11-25", "2026-07-28"],
      resultType: "complete",
      tools: [],
    };
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
  sallyport = await startSallyport({
    config: `
agents:
  - { name: ada, key_sha256: ${hashOf(KEYS.ada)} }
  - { name: mal, key_sha256: ${hashOf(KEYS.mal)} }
upstreams:
  - { name: naive, wire: mcp, url: "${server.url}/mcp", allow_private: true }
`,
    policies: {
      "both.yaml": `version: 1
agents: [ada, mal]
rules:
  - { id: rest, mcp: { upstreams: ["*"] }, effect: allow }
  - { id: pay, tools: ["naive.*"], effect: allow }
  - { id: ask, elicitation: ["naive"], effect: allow }
`,
    },
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

interface Asked {
  readonly session?: string;
  readonly stateless?: true;
  readonly method?: "GET" | "POST" | "DELETE";
}

async function ask(agent: Agent, rpc: string, { session, stateless, method = "POST" }: Asked = {}) {
  const initialize = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "t", version: "1" },
  };
  const params = stateless === true ? { _meta: { [VERSION_KEY]: "2026-07-28" } } : {};
  const body = {
    jsonrpc: "2.0",
    id: 1,
    method: rpc,
    params: rpc === "initialize" ? initialize : params,
  };
  const response = await fetch(`${sallyport.url}/mcp/naive`, {
    method,
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "x-sallyport-key": KEYS[agent],
      ...(session !== undefined && { "mcp-session-id": session }),
      ...(stateless === true && { "mcp-protocol-version": "2026-07-28", "mcp-method": rpc }),
    },
    ...(method === "POST" && { body: JSON.stringify(body) }),
  });
  await response.text();
  return { status: response.status, session: response.headers.get("mcp-session-id") ?? "" };
}

/** Requests with a session that reached the server meanwhile. */
async function sessionsSeen(work: () => Promise<unknown>): Promise<unknown[]> {
  const before = server.requests.length;
  await work();
  return server.requests.slice(before).flatMap(({ headers }) => headers["mcp-session-id"] ?? []);
}

describe("a session", () => {
  it("is not somebody's who asked for its id before it was there", async () => {
    const guess = String(next + 1);
    expect((await ask("mal", "tools/list", { session: guess })).status).toBe(200);
    const { session } = await ask("ada", "initialize");
    expect(session).toBe(guess);
    expect((await ask("ada", "tools/list", { session })).status).toBe(200);
    expect((await ask("mal", "tools/list", { session })).status).toBe(404);
  });

  it("does not get its id from a client", async () => {
    const { session } = await ask("ada", "initialize");
    const seen = await sessionsSeen(async () => {
      const stolen = await ask("mal", "initialize", { session });
      expect(stolen.session).not.toBe(session);
    });
    expect(seen).toEqual([]);
    expect((await ask("mal", "tools/list", { session })).status).toBe(404);
    expect((await ask("ada", "tools/list", { session })).status).toBe(200);
  });

  it("is not reached through the era that knows none", async () => {
    const { session } = await ask("ada", "initialize");
    const seen = await sessionsSeen(async () => {
      await ask("mal", "tools/list", { session, stateless: true });
      await ask("mal", "notifications/cancelled", { session, stateless: true });
      await ask("mal", "GET", { session, stateless: true, method: "GET" });
      await ask("mal", "DELETE", { session, stateless: true, method: "DELETE" });
    });
    expect(seen).toEqual([]);
  });

  it("is its new owner's where a server that began anew counts from the start", async () => {
    const { session } = await ask("mal", "initialize");
    next -= 1;
    expect((await ask("ada", "initialize")).session).toBe(session);
    expect((await ask("mal", "tools/list", { session })).status).toBe(404);
    expect((await ask("ada", "tools/list", { session })).status).toBe(200);
  });
});

describe("the state of a call that goes on with an answer", () => {
  async function pay(agent: Agent, amount: number, requestState?: string, path = "/mcp/naive") {
    const name = path === "/mcp" ? "naive.pay" : "pay";
    const params = {
      name,
      arguments: { amount },
      ...(requestState !== undefined && { requestState, inputResponses: { sure: YES } }),
      _meta: {
        [VERSION_KEY]: "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
        "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
      },
    };
    const response = await fetch(sallyport.url + path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "x-sallyport-key": KEYS[agent],
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": name,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
    });
    const text = await response.text();
    const state = /"requestState":"([^"]*)"/.exec(text)?.[1] ?? "";
    return { status: response.status, text, state };
  }
  const YES = { action: "accept", content: {} };

  it("goes on for the agent and the arguments that it was given to, and for no others", async () => {
    const { state } = await pay("ada", 5);
    expect(state).toMatch(/^state /);
    for (const stolen of [await pay("mal", 5, state), await pay("ada", 500, state)]) {
      expect(stolen.status).toBe(400);
      expect(JSON.parse(stolen.text)).toMatchObject({ error: { code: -32602 } });
    }
    expect((await pay("ada", 5, state)).text).toContain(`paid with ${state}`);
  });

  it("is the same through the federation as on its server", async () => {
    const { state } = await pay("ada", 5, undefined, "/mcp");
    expect(state).toMatch(/^state /);
    expect((await pay("mal", 5, state, "/mcp")).text).toContain("-32602");
    expect((await pay("ada", 5, state, "/mcp")).text).toContain(`paid with ${state}`);
  });

  it("that was not given out through here is for its server to judge", async () => {
    expect((await pay("ada", 5, "of another gate")).text).toContain("paid with of another gate");
  });
});
