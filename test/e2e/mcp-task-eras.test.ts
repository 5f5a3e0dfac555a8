/**
 * Tasks between clients and servers of any two eras, with servers that have tasks of their own: each
 * of the four cells, and all servers at once.
 */
import { Client as SessionClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as SessionTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CallToolResultSchema,
  ElicitRequestSchema,
  TaskStatusNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { administer, type Ask } from "../support/management.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { startServerEverything, type ServerEverything } from "../support/server-everything.ts";
import { startTaskServer, type TaskServer } from "../support/task-server.ts";

const STATELESS = "2026-07-28";
const META = "io.modelcontextprotocol/";
const TASKS = { extensions: { [`${META}tasks`]: {} } };
const LONG = 30_000;

let everything: ServerEverything;
let stateless: TaskServer;
let gate: SallyportProcess;
let ask: Ask;

beforeAll(async () => {
  [everything, stateless] = await Promise.all([startServerEverything(), startTaskServer()]);
  gate = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: old, wire: mcp, url: "${everything.url}", allow_private: true }
  - { name: new, wire: mcp, url: "${stateless.url}", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: asked, tools: [old.get-sum], effect: approve }
  - { id: tools, tools: ["*.*"], effect: allow }
  - { id: rest, mcp: { upstreams: ["*"] }, effect: allow }
`,
    },
    // The gate learns from lists which tools a server makes as tasks only.
    env: { SALLYPORT_DEFINITIONS_REFRESH_MS: "600000" },
  });
  ask = await administer(gate);
});

afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  await everything?.[Symbol.asyncDispose]();
  await stateless?.[Symbol.asyncDispose]();
});

const textOf = (result: unknown): string =>
  (result as { content: { text?: string }[] }).content.map(({ text }) => text ?? "").join("\n");

async function oldClient(path: string) {
  const capabilities = { elicitation: {} };
  const client = new SessionClient({ name: "old", version: "1" }, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: "accept" as const,
    content: { name: "Ada", interpretation: "technical" },
  }));
  await client.connect(new SessionTransport(new URL(gate.url + path)) as never);
  await client.listTools();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

async function newClient(path: string) {
  const client = new Client(
    { name: "new", version: "1" },
    { capabilities: { elicitation: {} }, versionNegotiation: { mode: { pin: STATELESS } } },
  );
  client.setRequestHandler("elicitation/create", () => ({
    action: "accept" as const,
    content: { name: "Ada", interpretation: "technical" },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(gate.url + path)));
  await client.listTools();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

interface Heard {
  readonly type: string;
  readonly task?: { readonly taskId: string; readonly status: string };
  readonly result?: { readonly content: unknown };
  readonly error?: Error;
}

/** What a 1.x client hears of a call that it wants as a task. */
async function streamed(client: SessionClient, name: string, args: Record<string, unknown>) {
  const heard: Heard[] = [];
  const { tasks } = client.experimental;
  const call = { name, arguments: args };
  const stream = tasks.callToolStream(call, CallToolResultSchema, { task: { ttl: 60_000 } });
  for await (const message of stream) heard.push(message as unknown as Heard);
  return heard;
}

interface Answer {
  readonly result: Readonly<Record<string, never>> & {
    readonly taskId: string;
    readonly status: string;
    readonly resultType: string;
    readonly inputRequests: Readonly<Record<string, unknown>>;
    readonly result: unknown;
  };
  readonly error?: { readonly code: number };
}

/** A request of the 2026 era whose client takes tasks, or not. */
async function send(
  path: string,
  method: string,
  params: Record<string, unknown>,
  can: object = { ...TASKS, elicitation: {} },
): Promise<Answer> {
  const text = await (await post(path, method, params, can)).text();
  return JSON.parse(text.startsWith("{") ? text : text.slice(text.indexOf("data: ") + 6)) as Answer;
}

function post(
  path: string,
  method: string,
  params: Record<string, unknown>,
  can: object,
  signal?: AbortSignal,
): Promise<Response> {
  const name = params["taskId"] ?? params["name"];
  return fetch(gate.url + path, {
    method: "POST",
    ...(signal !== undefined && { signal }),
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
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
          [`${META}clientCapabilities`]: can,
        },
      },
    }),
  });
}

const RESEARCH = { topic: "gates", ambiguous: true };

describe("a server of 2025 with tasks of its own", () => {
  it(
    "has them relayed to a client of 2025, with the questions that they ask",
    { timeout: LONG },
    async () => {
      await using client = await oldClient("/mcp/old");
      const heard = await streamed(client, "simulate-research-query", RESEARCH);
      expect(heard[0]).toMatchObject({ type: "taskCreated" });
      expect(textOf(heard.at(-1)?.result)).toContain("gates");
    },
  );

  it(
    "serves a client of 2026 that waits, and is asked in its own way",
    { timeout: LONG },
    async () => {
      await using client = await newClient("/mcp/old");
      const result = await client.callTool(
        { name: "simulate-research-query", arguments: RESEARCH },
        { timeout: LONG },
      );
      expect(result.isError).not.toBe(true);
      expect(textOf(result)).toContain("gates");
    },
  );
});

describe("a server of 2026 with tasks of its own", () => {
  it.each([
    ["/mcp/new", "ask"],
    ["/mcp", "new.ask"],
  ])("has them relayed to a client of 2026 (%s)", async (path, name) => {
    const { result: created } = await send(path, "tools/call", { name, arguments: {} });
    expect(created).toMatchObject({ resultType: "task", status: "working" });
    const { taskId } = created;
    expect((await send(path, "tasks/get", { taskId })).result.status).toBe("working");
    const { result: asks } = await send(path, "tasks/get", { taskId });
    expect(asks).toMatchObject({ status: "input_required", taskId });
    const inputResponses = { who: { action: "accept", content: { name: "Ada" } } };
    const acked = await send(path, "tasks/update", { taskId, inputResponses });
    expect(acked.result).toEqual({ resultType: "complete" });
    const { result: done } = await send(path, "tasks/get", { taskId });
    expect(done).toMatchObject({ status: "completed", taskId });
    expect(textOf(done.result)).toBe("Hello, Ada!");
  });

  it("says to a client of 2026 that takes none what it would have to say", async () => {
    const { error } = await send("/mcp/new", "tools/call", { name: "ask", arguments: {} }, {});
    expect(error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: TASKS },
    });
  });

  it.each([
    ["/mcp/new", "ask"],
    ["/mcp", "new.ask"],
  ])("serves a client of 2025 that waits, and is asked in its own way (%s)", async (path, name) => {
    await using client = await oldClient(path);
    const result = await client.callTool({ name, arguments: {} });
    expect(textOf(result)).toBe("Hello, Ada!");
  });

  it("is told when a client of 2025 does not wait any more", async () => {
    await using client = await oldClient("/mcp/new");
    client.setRequestHandler(ElicitRequestSchema, () => new Promise<never>(() => {}));
    const controller = new AbortController();
    const call = client.callTool({ name: "ask", arguments: {} }, undefined, {
      signal: controller.signal,
    });
    const before = stateless.asked.filter((method) => method === "tasks/cancel").length;
    await expect.poll(() => stateless.asked.at(-1)).toBe("tasks/get");
    controller.abort();
    await expect(call).rejects.toThrow();
    const cancels = () => stateless.asked.filter((method) => method === "tasks/cancel").length;
    await expect.poll(cancels).toBeGreaterThan(before);
  });
});

describe("all servers at once, for a client of 2025", () => {
  it("offers each tool as a task, and says how it stands", async () => {
    await using client = await oldClient("/mcp");
    expect(client.getServerCapabilities()).toMatchObject({
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    });
    const { tools } = await client.listTools();
    const support = (name: string) =>
      tools.find((tool) => tool.name === name)?.execution?.taskSupport;
    expect(support("old.echo")).toBe("optional");
    expect(support("old.simulate-research-query")).toBe("required");
    const heard = await streamed(client, "old.echo", { message: "hi" });
    expect(heard[0]?.task?.taskId).toMatch(/^old\.sallyport-task_/);
    expect(textOf(heard.at(-1)?.result)).toBe("Echo: hi");
    const { tasks } = client.experimental;
    const { taskId = "" } = heard[0]?.task ?? {};
    expect(await tasks.getTask(taskId)).toMatchObject({ status: "completed", taskId });
    expect((await tasks.listTasks()).tasks.map((task) => task.taskId)).toContain(taskId);
    const { _meta } = await tasks.getTaskResult(taskId, CallToolResultSchema);
    expect(_meta).toMatchObject({ [`${META}related-task`]: { taskId } });
    await expect(tasks.cancelTask(taskId)).rejects.toThrow("over already");
    await expect(tasks.getTask("old.sallyport-task_forged")).rejects.toThrow("no such task");
    await expect(tasks.getTask("nobody.x")).rejects.toThrow("no such task");
  });

  it(
    "keeps a call that a person must approve, and makes it after a yes",
    async () => {
      await using client = await oldClient("/mcp");
      const hearing = streamed(client, "old.get-sum", { a: 40, b: 2 });
      const find = async (): Promise<string> => {
        const { items } = await ask("GET", "/reviews?status=pending&limit=200");
        for (const item of items)
          if (JSON.stringify(item.action).includes("get-sum")) return item.id;
        return "";
      };
      await expect.poll(find).not.toBe("");
      await ask("POST", `/reviews/${await find()}/approve`, {});
      expect(textOf((await hearing).at(-1)?.result)).toContain("42");
    },
    LONG,
  );

  it("makes calls of servers that have tasks of their own, too", { timeout: LONG }, async () => {
    await using client = await oldClient("/mcp");
    const research = { topic: "gates", ambiguous: false };
    const heard = await streamed(client, "old.simulate-research-query", research);
    expect(textOf(heard.at(-1)?.result)).toContain("gates");
  });
});

describe("news of a task", () => {
  const sum = (a: number) => ({ name: "get-sum", arguments: { a, b: 0 } });
  const approve = async (a: number): Promise<void> => {
    const find = async (): Promise<string> => {
      const { items } = await ask("GET", "/reviews?status=pending&limit=200");
      const mine = items.find(({ action }: { action: unknown }) =>
        JSON.stringify(action).includes(`${a}`),
      );
      return mine?.id ?? "";
    };
    await expect.poll(find).not.toBe("");
    await ask("POST", `/reviews/${await find()}/approve`, {});
  };

  it.each([
    ["/mcp/old", "", 4711],
    ["/mcp", "old.", 4714],
  ])("reach a client of 2025 that listens and does not ask (%s)", async (path, prefix, a) => {
    await using client = await oldClient(path);
    const heard: { readonly taskId: string; readonly status: string }[] = [];
    client.setNotificationHandler(TaskStatusNotificationSchema, ({ params }) => {
      heard.push(params);
    });
    const { tasks } = client.experimental;
    const call = { ...sum(a), name: `${prefix}get-sum` };
    const stream = tasks.callToolStream(call, CallToolResultSchema, { task: {} });
    const { value } = await stream.next();
    const { taskId } = (value as unknown as Required<Heard>).task;
    await approve(a);
    await expect.poll(() => heard.at(-1)).toMatchObject({ taskId, status: "completed" });
    expect(textOf(await tasks.getTaskResult(taskId, CallToolResultSchema))).toContain(`${a}`);
  });

  it.each([
    ["/mcp/old", "", 4712],
    ["/mcp", "old.", 4713],
  ])("reach a client of 2026 with the result (%s)", async (path, prefix, a) => {
    const { arguments: args } = sum(a);
    const call = { name: `${prefix}get-sum`, arguments: args };
    const { taskId } = (await send(path, "tools/call", call)).result;
    const abort = new AbortController();
    const filter = { notifications: { taskIds: [taskId] } };
    const response = await post(path, "subscriptions/listen", filter, TASKS, abort.signal);
    const heard: { readonly method: string; readonly params: Readonly<Record<string, unknown>> }[] =
      [];
    const reading = (async () => {
      let text = "";
      for await (const chunk of response.body ?? []) {
        text += new TextDecoder().decode(chunk as Uint8Array);
        const events = text.split("\n\n");
        text = events.pop() ?? "";
        for (const event of events)
          heard.push(JSON.parse(event.slice(event.indexOf("data: ") + 6)));
      }
    })().catch(() => undefined);
    await expect.poll(() => heard.length).toBeGreaterThan(1);
    expect(heard[0]).toMatchObject({
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: { taskIds: [taskId] } },
    });
    expect(heard[1]).toMatchObject({
      method: "notifications/tasks",
      params: { taskId, status: "working", _meta: { [`${META}subscriptionId`]: 1 } },
    });
    await approve(a);
    await expect
      .poll(() => heard.at(-1))
      .toMatchObject({
        method: "notifications/tasks",
        params: { taskId, status: "completed", result: { content: [{ type: "text" }] } },
      });
    abort.abort();
    await reading;
  });
});

it("all servers at once offer tasks to clients of 2026", async () => {
  await using client = await newClient("/mcp");
  expect(client.getServerCapabilities()).toMatchObject(TASKS);
});
