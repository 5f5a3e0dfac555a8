/**
 * Calls that a person must approve, as MCP Tasks: clients of both eras, the real program, and a
 * server that knows nothing of tasks.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import {
  createTaskSessionFromClient,
  resultFromTaskOutcome,
} from "@modelcontextprotocol/ext-tasks/client";
import { Client as SessionClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as SessionTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startDemoMcpServer } from "../../src/app/demo/mcp-server.ts";
import { administer, type Ask } from "../support/management.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const META = "io.modelcontextprotocol/";
const STATELESS = "2026-07-28";
const TASKS = { extensions: { [`${META}tasks`]: {} } };

let demo: Awaited<ReturnType<typeof startDemoMcpServer>>;
let gate: SallyportProcess;
let ask: Ask;

beforeAll(async () => {
  demo = await startDemoMcpServer();
  gate = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: tools, wire: mcp, url: "${demo.url}", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: echo, tools: [tools.echo], effect: approve, when: 'args.text != "free"' }
  - { id: free, tools: [tools.echo], effect: allow, when: 'args.text == "free"' }
  - { id: pages, tools: [tools.read_page], effect: allow }
`,
    },
  });
  ask = await administer(gate);
});
afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  await demo?.close();
});

function waiting(about: string): Promise<string> {
  const find = async (): Promise<string> => {
    const { items } = await ask("GET", "/reviews?status=pending&limit=200");
    for (const item of items) if (JSON.stringify(item.action).includes(about)) return item.id;
    throw new Error(`nothing about ${about} waits`);
  };
  return eventually(find);
}

const say = (review: string, word: string) => ask("POST", `/reviews/${review}/${word}`, {});

interface Shown {
  readonly taskId: string;
  readonly status: string;
  readonly result: { readonly content: readonly { readonly text: string }[] };
}

interface Answer {
  readonly result: Shown;
  readonly error?: { readonly code: number; readonly message: string };
}

interface RpcSent {
  readonly id: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

let requests = 0;

/** A request of the 2026 era whose client takes tasks. */
async function send(
  method: string,
  params: Record<string, unknown>,
  { path = "/mcp/tools", session }: { path?: string; session?: string } = {},
): Promise<Answer> {
  const name = params["taskId"] ?? params["name"];
  const response = await fetch(`${gate.url}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": STATELESS,
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
      ...(session !== undefined && { "x-sallyport-session": session }),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: (requests += 1),
      method,
      params: {
        ...params,
        _meta: {
          [`${META}protocolVersion`]: STATELESS,
          [`${META}clientInfo`]: { name: "t", version: "1" },
          [`${META}clientCapabilities`]: TASKS,
        },
      },
    }),
  });
  const text = await response.text();
  const data = text.startsWith("{") ? text : text.slice(text.indexOf("data: ") + 6);
  return JSON.parse(data) as Answer;
}

/** How a task stands once it does not work any more. */
const settled = (taskId: string, where?: { path: string }): Promise<Shown> =>
  eventually(async () => {
    const { result } = await send("tasks/get", { taskId }, where);
    expect(result.status).not.toBe("working");
    return result;
  });

const echo = (text: string) => send("tools/call", { name: "echo", arguments: { text } });

async function oldClient() {
  const client = new SessionClient({ name: "old", version: "1" });
  await client.connect(new SessionTransport(new URL(`${gate.url}/mcp/tools`)) as never);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

interface Heard {
  readonly type: string;
  readonly task: { readonly taskId: string };
  readonly result: Record<string, unknown>;
  readonly error: Error;
}

/** What a 1.x client hears of one call, in order. */
async function streamed(client: SessionClient, name: string, args: Record<string, unknown>) {
  const options = { task: { ttl: 60_000 } };
  const call = { name, arguments: args };
  const heard: Heard[] = [];
  const stream = client.experimental.tasks.callToolStream(call, CallToolResultSchema, options);
  for await (const message of stream) heard.push(message as unknown as Heard);
  return heard;
}

describe("a call that a person must approve, of the 2026 era", () => {
  it("is a task at once, and its result is there once a person said yes", async () => {
    const { result } = await echo("one");
    expect(result).toMatchObject({ resultType: "task", status: "working" });
    const { taskId } = result;
    expect((await send("tasks/get", { taskId })).result).toMatchObject({ status: "working" });
    await say(await waiting('"one"'), "approve");
    expect(await settled(taskId)).toMatchObject({
      resultType: "complete",
      status: "completed",
      result: { content: [{ type: "text", text: "one" }] },
    });
    const again = await send("tasks/get", { taskId });
    expect(again.result.result.content[0]?.text).toBe("one");
    expect(await ask("GET", `/reviews?limit=200`)).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ status: "used" })]),
    });
  });

  it("ends with the reason once a person said no", async () => {
    const { taskId } = (await echo("two")).result;
    await say(await waiting('"two"'), "deny");
    const result = await settled(taskId);
    expect(result).toMatchObject({ status: "completed", result: { isError: true } });
    expect(JSON.stringify(result)).toContain("approval_denied");
  });

  it("is withdrawn with its review", async () => {
    const { taskId } = (await echo("three")).result;
    const review = await waiting('"three"');
    expect((await send("tasks/cancel", { taskId })).result).toEqual({ resultType: "complete" });
    expect((await send("tasks/get", { taskId })).result).toMatchObject({ status: "cancelled" });
    expect(await ask("GET", `/reviews/${review}`)).toMatchObject({ status: "expired" });
  });

  it("is nobody else's: another session does not find it", async () => {
    const { taskId } = (await echo("four")).result;
    const foreign = await send("tasks/get", { taskId }, { session: "another" });
    expect(foreign.error).toMatchObject({ code: -32602 });
    const made = await send("tasks/get", { taskId: "sallyport-task_forged" });
    expect(made.error).toEqual(foreign.error);
  });

  it("is made once, however many ask for it at the same time", async () => {
    const { taskId } = (await echo("five")).result;
    await say(await waiting('"five"'), "approve");
    await Promise.all(Array.from({ length: 5 }, () => send("tasks/get", { taskId })));
    const done = await eventually(async () => {
      const { result } = await send("tasks/get", { taskId });
      expect(result).toMatchObject({ status: "completed" });
      return result;
    });
    expect(done.result.content[0]?.text).toBe("five");
  });

  it("is a task of the federation as well, under its server's name", async () => {
    const params = { name: "tools.echo", arguments: { text: "six" } };
    const { result } = await send("tools/call", params, { path: "/mcp" });
    const { taskId } = result;
    expect(taskId).toMatch(/^tools\.sallyport-task_/);
    await say(await waiting('"six"'), "approve");
    const got = await settled(taskId, { path: "/mcp" });
    expect(got).toMatchObject({ taskId, status: "completed" });
  });

  it("needs none of it where policy allows the call", async () => {
    expect((await echo("free")).result).toMatchObject({ content: [{ text: "free" }] });
  });

  it("is announced, and settled by the tasks client of the SDK", async () => {
    const client = new Client(
      { name: "t", version: "1" },
      {
        capabilities: TASKS as never,
        versionNegotiation: { mode: { pin: STATELESS } },
      },
    );
    const transport = new StreamableHTTPClientTransport(new URL(`${gate.url}/mcp/tools`));
    await client.connect(transport);
    expect(client.getServerCapabilities()).toMatchObject(TASKS);
    const session = createTaskSessionFromClient(client, {
      endpointId: "gate",
      rawDispatch: async (request) => {
        const { id, method, params } = request as unknown as RpcSent;
        const { _meta: _, ...rest } = params;
        return { ...(await send(method, rest)), id, jsonrpc: "2.0" } as never;
      },
      v2RequestFraming: {
        protocolVersion: STATELESS,
        clientInfo: { name: "t", version: "1" },
        clientCapabilities: TASKS,
      },
    });
    const execution = await session.callTool("echo", { text: "seven" });
    await say(await waiting('"seven"'), "approve");
    const { outcome } = await execution.settle();
    expect(resultFromTaskOutcome(outcome)).toMatchObject({ content: [{ text: "seven" }] });
    await session.close();
    await client.close();
  }, 120_000);
});

describe("a call that a person must approve, of the 2025 era", () => {
  it("is offered for the tools that may need it, and for no others", async () => {
    await using client = await oldClient();
    expect(client.getServerCapabilities()).toMatchObject({
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    });
    const { tools } = await client.listTools();
    const support = (name: string) =>
      tools.find((tool) => tool.name === name)?.execution?.taskSupport;
    expect(support("echo")).toBe("optional");
    expect(support("read_page")).not.toBe("optional");
  });

  it("gives the SDK's client its result once a person said yes", async () => {
    await using client = await oldClient();
    const hearing = streamed(client, "echo", { text: "eight" });
    await say(await waiting('"eight"'), "approve");
    const heard = await hearing;
    expect(heard[0]).toMatchObject({ type: "taskCreated", task: { status: "working" } });
    const result = heard.at(-1)?.result;
    expect(result?.["content"]).toEqual([{ type: "text", text: "eight" }]);
    expect(result).not.toHaveProperty("resultType");
  }, 120_000);

  it("fails its task with the reason once a person said no", async () => {
    await using client = await oldClient();
    const hearing = streamed(client, "echo", { text: "nine" });
    await say(await waiting('"nine"'), "deny");
    const task = (await hearing)[0]?.task;
    const { tasks } = client.experimental;
    expect(await tasks.getTask(task?.taskId ?? "")).toMatchObject({
      status: "failed",
      statusMessage: expect.stringContaining("approval_denied"),
    });
    const result = await tasks.getTaskResult(task?.taskId ?? "", CallToolResultSchema);
    expect(result.isError).toBe(true);
  }, 120_000);

  it("waits for the result where the client asks for that", async () => {
    await using client = await oldClient();
    const { tasks } = client.experimental;
    const stream = tasks.callToolStream(
      { name: "echo", arguments: { text: "ten" } },
      CallToolResultSchema,
      { task: {} },
    );
    const created = (await stream.next()).value as unknown as Heard;
    const result = tasks.getTaskResult(created.task.taskId, CallToolResultSchema);
    await say(await waiting('"ten"'), "approve");
    expect((await result).content).toEqual([{ type: "text", text: "ten" }]);
    const { tasks: listed } = await tasks.listTasks();
    expect(listed.map(({ taskId }) => taskId)).toContain(created.task.taskId);
    await expect(tasks.cancelTask(created.task.taskId)).rejects.toThrow("over already");
  });

  it("runs at once as a task where policy allows it, on a server without tasks", async () => {
    await using client = await oldClient();
    const heard = await streamed(client, "echo", { text: "free" });
    expect(heard[0]).toMatchObject({ type: "taskCreated" });
    expect(heard.at(-1)).toMatchObject({ result: { content: [{ text: "free" }] } });
  });

  it("is an error with its reason where policy denies it", async () => {
    await using client = await oldClient();
    const [heard] = await streamed(client, "send_email", { to: "a@example.com" });
    expect(heard).toMatchObject({ type: "error" });
    expect(heard?.error.message).toContain("policy_denied");
  });
});

describe("an approval that an agent asks for ahead of its call", () => {
  const planned = (text: string) => ({
    name: "request_approval",
    arguments: { tool: "tools.echo", arguments: { text } },
  });

  it.each(["yes", "no"])("is a task of the 2026 era until a person said %s", async (word) => {
    const path = "/mcp/sallyport";
    const { result } = await send("tools/call", planned(`ahead-${word}`), { path });
    expect(result).toMatchObject({ resultType: "task", status: "working" });
    const { taskId } = result;
    expect((await send("tasks/get", { taskId }, { path })).result.status).toBe("working");
    await say(await waiting(`ahead-${word}`), word === "yes" ? "approve" : "deny");
    const over = await settled(taskId, { path });
    expect(over).toMatchObject({
      status: "completed",
      result: { structuredContent: word === "yes" ? { status: "approved" } : { decision: "deny" } },
    });
    if (word === "yes") expect((await echo("ahead-yes")).result).toMatchObject({ content: [{}] });
  });

  it("is no task that nobody has asked for", async () => {
    const path = "/mcp/sallyport";
    const unknown = await send("tasks/get", { taskId: "sallyport-task_nobodys" }, { path });
    expect(unknown.error).toMatchObject({ code: -32602 });
    const listed = await send("prompts/list", {}, { path });
    expect(listed.error).toMatchObject({
      code: -32601,
      message: expect.stringContaining("tools only"),
    });
  });

  it("needs no task where nobody has to be asked", async () => {
    const { result } = await send("tools/call", planned("free"), { path: "/mcp/sallyport" });
    expect(result).toMatchObject({ structuredContent: { status: "not_needed" } });
  });

  it.each(["/mcp/sallyport", "/mcp"])(
    "is a task of the 2025 era as well (%s)",
    async (path) => {
      const client = new SessionClient({ name: "old", version: "1" });
      await client.connect(new SessionTransport(new URL(gate.url + path)) as never);
      const name = path === "/mcp" ? "sallyport.request_approval" : "request_approval";
      const { tools } = await client.listTools();
      expect(tools.find((tool) => tool.name === name)?.execution?.taskSupport).toBe("optional");
      const text = `ahead of ${path}`;
      const hearing = streamed(client, name, planned(text).arguments);
      await say(await waiting(text), "approve");
      expect((await hearing).at(-1)?.result).toMatchObject({
        structuredContent: { status: "approved" },
      });
      await client.close();
    },
    20_000,
  );
});

it("outlives the process: a task taken before a kill is made after it", async () => {
  const { taskId } = (await echo("eleven")).result;
  const review = await waiting('"eleven"');
  gate.child.kill("SIGKILL");
  await new Promise((resolve) => gate.child.once("exit", resolve));
  gate = await gate.restart();
  expect((await send("tasks/get", { taskId })).result).toMatchObject({ status: "working" });
  await say(review, "approve");
  expect(await settled(taskId)).toMatchObject({
    status: "completed",
    result: { content: [{ text: "eleven" }] },
  });
});
