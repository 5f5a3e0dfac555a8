/**
 * What a server asks in the course of a task of the gate's: a client of the 2025 era hears it on the
 * stream of `tasks/result`, and answers by itself. Real servers and clients of both lines.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as SessionClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as SessionTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { fileURLToPath } from "node:url";
import { Agent, fetch as plainFetch } from "undici";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { administer, type Ask } from "../support/management.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { startServerEverything, type ServerEverything } from "../support/server-everything.ts";
import { startStatelessServer, type StatelessServer } from "../support/stateless-server.ts";

const LONG = 60_000;
const RELATED = "io.modelcontextprotocol/related-task";
const STDIO = fileURLToPath(
  import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"),
);

let everything: ServerEverything;
let stateless: StatelessServer;
let gate: SallyportProcess;
let ask: Ask;

beforeAll(async () => {
  [everything, stateless] = await Promise.all([startServerEverything(), startStatelessServer()]);
  const command = JSON.stringify([process.execPath, STDIO, "stdio"]);
  gate = await startSallyport({
    config: `
workers: 2
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: old, wire: mcp, url: "${everything.url}", allow_private: true }
  - { name: new, wire: mcp, url: "${stateless.url}", allow_private: true }
  - { name: spawned, wire: mcp, stdio: { command: ${command} } }
  - { name: held-old, wire: mcp, url: "${everything.url}", allow_private: true }
  - { name: held-new, wire: mcp, url: "${stateless.url}", allow_private: true }
  - { name: mute, wire: mcp, url: "${everything.url}", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: held, tools: ["held-*.*"], effect: approve }
  - { id: tools, tools: ["old.*", "new.*", "spawned.*", "mute.*"], effect: allow }
  - { id: no-questions, elicitation: [mute], effect: deny }
  - { id: rest, mcp: { upstreams: ["*"] }, effect: allow }
`,
    },
  });
  ask = await administer(gate);
});

afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  await everything?.[Symbol.asyncDispose]();
  await stateless?.[Symbol.asyncDispose]();
});

/** Each request over a connection of its own, for any worker. */
const turning = ((url: string | URL, init: RequestInit) =>
  plainFetch(url, { ...(init as object), dispatcher: new Agent() })) as never;

interface Put {
  readonly method: string;
  readonly task: unknown;
}

interface Session extends AsyncDisposable {
  readonly client: SessionClient;
  /** What the server has asked. */
  readonly put: readonly Put[];
}

async function session(path: string, url = gate.url): Promise<Session> {
  const capabilities = { elicitation: {}, sampling: {}, roots: {} };
  const client = new SessionClient({ name: "old", version: "1" }, { capabilities });
  const put: Put[] = [];
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    put.push({ method: "elicitation", task: params._meta?.[RELATED] });
    return { action: "accept" as const, content: { name: "Ada", yes: true } };
  });
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
    put.push({ method: "sampling", task: params._meta?.[RELATED] });
    const content = { type: "text" as const, text: "a haiku" };
    return { model: "m", role: "assistant" as const, content };
  });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
  const transport = new SessionTransport(new URL(url + path), { fetch: turning });
  await client.connect(transport as never);
  await client.listTools();
  return { client, put, [Symbol.asyncDispose]: () => client.close() };
}

interface Heard {
  readonly type: string;
  readonly task?: { readonly taskId: string; readonly status: string };
  readonly result?: { readonly content: readonly { readonly text?: string }[] };
  readonly error?: Error;
}

async function called(
  { client }: Session,
  name: string,
  args: Record<string, unknown> = {},
): Promise<readonly Heard[]> {
  const { tasks } = client.experimental;
  const call = { name, arguments: args };
  const heard: Heard[] = [];
  const options = { task: { ttl: 60_000 } };
  for await (const message of tasks.callToolStream(call, CallToolResultSchema, options)) {
    heard.push(message as unknown as Heard);
  }
  return heard;
}

const last = (heard: readonly Heard[]): string => {
  const { result, error } = heard.at(-1) ?? {};
  return error?.message ?? (result?.content ?? []).map(({ text }) => text ?? "").join("\n");
};
const taskOf = (heard: readonly Heard[]): string | undefined => heard[0]?.task?.taskId;

async function approve(about: string): Promise<void> {
  const find = async (): Promise<string> => {
    const { items } = await ask("GET", "/reviews?status=pending&limit=200");
    for (const item of items) if (JSON.stringify(item.action).includes(about)) return item.id;
    return "";
  };
  await expect.poll(find).not.toBe("");
  await ask("POST", `/reviews/${await find()}/approve`, {});
}

const PROMPT = { prompt: "a question of the server's" };

describe("a call that is made at once", () => {
  it.each([
    ["an HTTP server of 2025", "/mcp/old", "trigger-elicitation-request"],
    ["a process", "/mcp/spawned", "trigger-elicitation-request"],
    ["a server of 2026", "/mcp/new", "confirm"],
    ["all servers at once, one of 2025", "/mcp", "old.trigger-elicitation-request"],
    ["all servers at once, one of 2026", "/mcp", "new.confirm"],
  ])("puts a question of %s to the user", { timeout: LONG }, async (_, path, name) => {
    await using asked = await session(path);
    const heard = await called(asked, name);
    expect(last(heard)).toMatch(/Ada/);
    expect(heard.map(({ task }) => task?.status)).toContain("input_required");
    expect(asked.put).toEqual([{ method: "elicitation", task: { taskId: taskOf(heard) } }]);
  });

  it.each([
    ["/mcp/old", ""],
    ["/mcp", "old."],
  ])("puts a question to the client's model (%s)", { timeout: LONG }, async (path, prefix) => {
    await using asked = await session(path);
    const heard = await called(asked, `${prefix}trigger-sampling-request`, PROMPT);
    expect(last(heard)).toContain("a haiku");
    expect(asked.put).toEqual([{ method: "sampling", task: { taskId: taskOf(heard) } }]);
  });
});

describe("a call that a person must approve", () => {
  it.each([
    ["held-old", "trigger-elicitation-request", /Ada/],
    ["held-new", "confirm", /Ada/],
  ])("asks when it is made (%s)", { timeout: LONG }, async (upstream, name, wanted) => {
    await using asked = await session(`/mcp/${upstream}`);
    const hearing = called(asked, name);
    await approve(upstream);
    const heard = await hearing;
    expect(last(heard)).toMatch(wanted);
    expect(asked.put).toEqual([{ method: "elicitation", task: { taskId: taskOf(heard) } }]);
  });
});

/** Of whatever shape: the 2.x line has no tasks of this era itself. */
const ANY = {
  "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) },
} as const;

it("a client of the 2.x line is asked like one of the 1.x line", { timeout: LONG }, async () => {
  const client = new Client({ name: "new", version: "1" }, { capabilities: { elicitation: {} } });
  const put: unknown[] = [];
  client.setRequestHandler("elicitation/create", ({ params }) => {
    put.push(params._meta?.[RELATED]);
    return Promise.resolve({ action: "accept" as const, content: { name: "Ada" } });
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${gate.url}/mcp/old`)));
  await client.listTools();
  const name = "trigger-elicitation-request";
  const call = { method: "tools/call", params: { name, arguments: {}, task: {} } };
  const { task } = (await client.request(call, ANY)) as Required<Pick<Heard, "task">>;
  const asked = { method: "tasks/result", params: { taskId: task.taskId } };
  expect(JSON.stringify(await client.request(asked, ANY))).toContain("Ada");
  expect(put).toEqual([{ taskId: task.taskId }]);
  await client.close();
});

describe("a client that cannot, or will not, say", () => {
  it("cancels what it was asked for, and the server hears so", { timeout: LONG }, async () => {
    await using asked = await session("/mcp");
    asked.client.setRequestHandler(ElicitRequestSchema, () => {
      throw new Error("nobody is there");
    });
    expect(last(await called(asked, "new.confirm"))).toContain('"action":"cancel"');
  });

  it("fails the task where nothing else can be said", { timeout: LONG }, async () => {
    await using asked = await session("/mcp");
    asked.client.setRequestHandler(CreateMessageRequestSchema, () => {
      throw new Error("no model here");
    });
    const heard = await called(asked, "old.trigger-sampling-request", PROMPT);
    expect(last(heard)).toContain("did not answer the server");
  });
});

it("what policy does not let a server ask, it does not ask of a task's client", async () => {
  await using asked = await session("/mcp/mute");
  const { tools } = await asked.client.listTools();
  expect(tools.map(({ name }) => name)).not.toContain("trigger-elicitation-request");
  expect(last(await called(asked, "trigger-sampling-request", PROMPT))).toContain("a haiku");
  expect(asked.put.map(({ method }) => method)).toEqual(["sampling"]);
});

describe("a question that nobody answered yet", () => {
  it("is put again to who asks for the result again", { timeout: LONG }, async () => {
    await using asked = await session("/mcp/old");
    const { tasks } = asked.client.experimental;
    let answers: () => void = () => {};
    const answered = new Promise<void>((resolve) => (answers = resolve));
    let puts = 0;
    asked.client.setRequestHandler(ElicitRequestSchema, async () => {
      puts += 1;
      if (puts === 1) await answered;
      return { action: "accept" as const, content: { name: `Ada ${puts}` } };
    });
    const call = { name: "trigger-elicitation-request", arguments: {} };
    const stream = tasks.callToolStream(call, CallToolResultSchema, { task: {} });
    const created = (await stream.next()).value as unknown as Heard;
    const { taskId = "" } = created.task ?? {};
    const first = new AbortController();
    const lost = tasks.getTaskResult(taskId, CallToolResultSchema, { signal: first.signal });
    lost.catch(() => {});
    await expect.poll(() => puts).toBe(1);
    first.abort();
    await expect(lost).rejects.toThrow();
    const { content } = await tasks.getTaskResult(taskId, CallToolResultSchema);
    expect(JSON.stringify(content)).toContain("Ada 2");
    answers();
  });

  it("waits for its client over a crash of the gate", { timeout: 120_000 }, async () => {
    let own = await startSallyport({
      config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: new, wire: mcp, url: "${stateless.url}", allow_private: true }
`,
      policies: {
        "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: tools, tools: ["new.*"], effect: allow }
  - { id: rest, mcp: { upstreams: ["*"] }, effect: allow }
`,
      },
    });
    onTestFinished(() => own[Symbol.asyncDispose]());
    let taskId = "";
    {
      await using asked = await session("/mcp", own.url);
      const { tasks } = asked.client.experimental;
      const call = { name: "new.confirm", arguments: {} };
      const stream = tasks.callToolStream(call, CallToolResultSchema, { task: {} });
      const created = (await stream.next()).value as unknown as Heard;
      taskId = created.task?.taskId ?? "";
      const standing = async () => (await tasks.getTask(taskId)).status;
      await expect.poll(standing).toBe("input_required");
      own.child.kill("SIGKILL");
      await new Promise((resolve) => own.child.once("exit", resolve));
    }
    own = await own.restart();
    await using asked = await session("/mcp", own.url);
    const { tasks } = asked.client.experimental;
    const { content } = await tasks.getTaskResult(taskId, CallToolResultSchema);
    expect(JSON.stringify(content)).toContain("Ada");
    expect(asked.put).toEqual([{ method: "elicitation", task: { taskId } }]);
  });
});
