/**
 * Every method that a client may send, in each of the four cells of client era and server era, as
 * plain messages: relayed, bridged, or refused in a way that says why.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { startServerEverything, type ServerEverything } from "../support/server-everything.ts";
import { startStatelessServer, type StatelessServer } from "../support/stateless-server.ts";

const META = "io.modelcontextprotocol/";
const STATELESS = "2026-07-28";
const SESSIONS = "2025-11-25";
const ACCEPT = "application/json, text/event-stream";

interface Answer {
  readonly status: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

type Params = Readonly<Record<string, unknown>>;

let old: ServerEverything;
let stateless: StatelessServer;
let gate: SallyportProcess;
const sessions = new Map<string, string>();

beforeAll(async () => {
  [old, stateless] = await Promise.all([startServerEverything(), startStatelessServer()]);
  gate = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: "2025", wire: mcp, url: "${old.url}", allow_private: true }
  - { name: "2026", wire: mcp, url: "${stateless.url}", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: tools, tools: ["*.*"], effect: allow }
  - { id: rest, mcp: { upstreams: ["*"] }, effect: allow }
`,
    },
  });
});

afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  await old?.[Symbol.asyncDispose]();
  await stateless?.[Symbol.asyncDispose]();
});

const NAMED: readonly string[] = ["name", "uri", "taskId"];

/** Reads to the answer; a stream that goes on is left. */
async function answerOf(response: Response): Promise<Answer> {
  const { status } = response;
  if (response.body === null) return { status };
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (const line of text.split("\n")) {
      const json = line.startsWith("data: ") ? line.slice(6) : line;
      if (!json.endsWith("}")) continue;
      const message = JSON.parse(json);
      if (message.result !== undefined || message.error !== undefined) {
        return { status, ...message };
      }
      if (String(message.method).endsWith("subscriptions/acknowledged")) {
        return { status, result: message.params };
      }
    }
  }
  return { status };
}

async function ofStateless(server: string, method: string, params: Params): Promise<Answer> {
  const name = NAMED.map((key) => params[key]).find((value) => typeof value === "string");
  const abort = new AbortController();
  const response = await fetch(`${gate.url}/mcp/${server}`, {
    method: "POST",
    signal: abort.signal,
    headers: {
      "content-type": "application/json",
      accept: ACCEPT,
      "mcp-protocol-version": STATELESS,
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          [`${META}protocolVersion`]: STATELESS,
          [`${META}clientInfo`]: { name: "t", version: "1" },
          [`${META}clientCapabilities`]: {},
        },
      },
    }),
  });
  const answer = await answerOf(response);
  abort.abort();
  return answer;
}

async function post(server: string, message: object, session: string | undefined) {
  return fetch(`${gate.url}/mcp/${server}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: ACCEPT,
      ...(session !== undefined && {
        "mcp-session-id": session,
        "mcp-protocol-version": SESSIONS,
      }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
  });
}

const HELLO = {
  protocolVersion: SESSIONS,
  capabilities: {},
  clientInfo: { name: "t", version: "1" },
};

async function sessionWith(server: string): Promise<string> {
  const known = sessions.get(server);
  if (known !== undefined) return known;
  const hello = { id: 0, method: "initialize", params: HELLO };
  const response = await post(server, hello, undefined);
  const id = response.headers.get("mcp-session-id") ?? "";
  await answerOf(response);
  sessions.set(server, id);
  const heard = await post(server, { method: "notifications/initialized" }, id);
  expect(heard.status).toBe(202);
  return id;
}

async function ofSessions(server: string, method: string, params: Params): Promise<Answer> {
  if (method === "initialize") {
    return answerOf(await post(server, { id: 1, method, params: HELLO }, undefined));
  }
  return answerOf(await post(server, { id: 1, method, params }, await sessionWith(server)));
}

/** What an answer has: members of its result, or the error's number and words. */
type Cell = readonly string[] | readonly [number, RegExp];

interface Row {
  readonly method: string;
  readonly params?: Params;
  /** By the client's era and the server's. */
  readonly cells: Readonly<Record<"old_old" | "old_new" | "new_old" | "new_new", Cell>>;
}

const everywhere = (...cell: string[]): Row["cells"] => {
  return { old_old: cell, old_new: cell, new_old: cell, new_new: cell };
};

const NOT_2026 = [
  -32601,
  /belongs to MCP 2025-11-25 and older, .* is of MCP 2026-07-28\. /,
] as const;
const NOT_2025 = [
  -32601,
  /belongs to MCP 2026-07-28, .* is of MCP 2025-11-25 and older\. /,
] as const;
const ofOld = (...cell: string[]): Row["cells"] => {
  return { old_old: cell, old_new: cell, new_old: NOT_2026, new_new: NOT_2026 };
};
const ofNew = (...cell: string[]): Row["cells"] => {
  return { old_old: NOT_2025, old_new: NOT_2025, new_old: cell, new_new: cell };
};
const nowhere = (code: number, says: RegExp): Row["cells"] => {
  return {
    old_old: [code, says],
    old_new: [code, says],
    new_old: [code, says],
    new_new: [code, says],
  };
};

const department = { name: "department", value: "E" };
const ROWS: readonly Row[] = [
  { method: "initialize", cells: ofOld("protocolVersion", "capabilities", "serverInfo") },
  { method: "ping", cells: ofOld() },
  { method: "logging/setLevel", params: { level: "info" }, cells: ofOld() },
  { method: "resources/subscribe", params: { uri: "note://one" }, cells: ofOld() },
  { method: "resources/unsubscribe", params: { uri: "note://one" }, cells: ofOld() },
  { method: "server/discover", cells: ofNew("supportedVersions", "capabilities") },
  {
    method: "subscriptions/listen",
    params: { notifications: { toolsListChanged: true } },
    cells: ofNew("notifications"),
  },
  { method: "tools/list", cells: everywhere("tools") },
  {
    method: "tools/call",
    params: { name: "echo", arguments: { message: "hi", text: "hi" } },
    cells: everywhere("content"),
  },
  { method: "prompts/list", cells: everywhere("prompts") },
  { method: "resources/list", cells: everywhere("resources") },
  { method: "resources/templates/list", cells: everywhere("resourceTemplates") },
  {
    method: "prompts/get",
    params: { name: "simple-prompt" },
    cells: {
      ...everywhere("messages"),
      old_new: [-32602, /not found/],
      new_new: [-32602, /not found/],
    },
  },
  {
    method: "resources/read",
    params: { uri: "note://one" },
    cells: {
      ...everywhere("contents"),
      old_old: [-32602, /not found/],
      new_old: [-32602, /not found/],
    },
  },
  {
    method: "completion/complete",
    params: { ref: { type: "ref/prompt", name: "completable-prompt" }, argument: department },
    // The stateless server completes nothing, and says so itself.
    cells: {
      ...everywhere("completion"),
      old_new: [-32601, /not found/],
      new_new: [-32601, /not found/],
    },
  },
  { method: "tasks/list", cells: ofOld("tasks") },
  {
    method: "tasks/get",
    params: { taskId: "x" },
    cells: {
      old_old: [-32602, /not found/],
      old_new: [-32601, /not known to the server behind/],
      new_old: [-32601, /needs a server of 2026-07-28; this one is older/],
      new_new: [-32601, /not found/],
    },
  },
  {
    method: "tasks/cancel",
    params: { taskId: "x" },
    cells: {
      old_old: [-32602, /not found/],
      old_new: [-32601, /not known to the server behind/],
      new_old: [-32601, /needs a server of 2026-07-28; this one is older/],
      new_new: [-32601, /not found/],
    },
  },
  {
    method: "tasks/result",
    params: { taskId: "x" },
    cells: {
      old_old: [-32602, /not found/],
      old_new: [-32601, /not known to the server behind/],
      new_old: [-32601, /belongs to MCP 2025.*tasks\/get has the result/],
      new_new: [-32601, /belongs to MCP 2025.*tasks\/get has the result/],
    },
  },
  {
    method: "tasks/update",
    params: { taskId: "x", inputResponses: {} },
    cells: {
      old_old: NOT_2025,
      old_new: NOT_2025,
      new_old: [-32601, /needs a server of 2026-07-28; this one is older/],
      new_new: [-32601, /not found/],
    },
  },
  { method: "sampling/createMessage", cells: nowhere(-32601, /what servers say to clients/) },
  { method: "nobody/knows", cells: nowhere(-32601, /not an MCP method known here/) },
];

const STATELESS_MEMBERS = ["resultType", "ttlMs", "cacheScope"];

function expectCell({ result, error }: Answer, cell: Cell): void {
  const [code, says] = cell;
  if (typeof code === "number" && says instanceof RegExp) {
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
    return;
  }
  expect(error).toBeUndefined();
  expect(Object.keys(result ?? {})).toEqual(expect.arrayContaining([...cell]));
}

describe.each(ROWS)("$method", ({ method, params = {}, cells }) => {
  it.each([
    ["2025", cells.old_old],
    ["2026", cells.old_new],
  ])("from a client of 2025 to a server of %s", async (server, cell) => {
    const answer = await ofSessions(server, method, params);
    expectCell(answer, cell);
    expect(Object.keys(answer.result ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(STATELESS_MEMBERS.join("|"))]),
    );
  });

  it.each([
    ["2025", cells.new_old],
    ["2026", cells.new_new],
  ])("from a client of 2026 to a server of %s", async (server, cell) => {
    const answer = await ofStateless(server, method, params);
    expectCell(answer, cell);
    const isMessage = answer.result !== undefined && method !== "subscriptions/listen";
    if (isMessage) expect(answer.result).toMatchObject({ resultType: "complete" });
  });
});
