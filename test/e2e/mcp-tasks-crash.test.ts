/** A gateway that is killed in the middle of a task's call: what the task says afterwards is true. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, it, onTestFinished } from "vitest";
import { administer } from "../support/management.ts";
import { readRecorded } from "../support/recorded.ts";
import { startSallyport } from "../support/sallyport-process.ts";
import { startServerEverything } from "../support/server-everything.ts";
import { startToolServer } from "../support/tool-server.ts";

async function taskClient(url: string): Promise<Client> {
  const client = new Client({ name: "old", version: "1" }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: "accept" as const,
    content: { name: "Ada" },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp/slow`)) as never);
  return client;
}

it("is failed as unknown, on the ledger too, and the call is not made again", async () => {
  let calls = 0;
  const server = await startToolServer({
    pay: () => {
      calls += 1;
      return new Promise(() => {});
    },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  let gate = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: slow, wire: mcp, url: "${server.url}", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: pay, tools: [slow.pay], effect: allow }
`,
    },
  });
  onTestFinished(() => gate[Symbol.asyncDispose]());
  const client = await taskClient(gate.url);
  const { tasks } = client.experimental;
  const call = { name: "pay", arguments: {} };
  const stream = tasks.callToolStream(call, CallToolResultSchema, { task: {} });
  const { value } = await stream.next();
  const { taskId } = (value as { readonly task: { readonly taskId: string } }).task;
  await expect.poll(() => calls).toBe(1);
  expect(await tasks.getTask(taskId)).toMatchObject({ status: "working" });
  gate.child.kill("SIGKILL");
  await new Promise((resolve) => gate.child.once("exit", resolve));
  await client.close().catch(() => {});

  gate = await gate.restart();
  await using again = Object.assign(await taskClient(gate.url), {
    [Symbol.asyncDispose]: () => again.close(),
  });
  const after = again.experimental.tasks;
  // For as long as another process could still be making it, nobody can tell.
  const standing = async () => (await after.getTask(taskId)).status;
  await expect.poll(standing, { timeout: 40_000, interval: 500 }).toBe("failed");
  expect(await after.getTask(taskId)).toMatchObject({
    statusMessage: expect.stringContaining("whether it was carried out is not known"),
  });
  await expect(after.getTaskResult(taskId, CallToolResultSchema)).rejects.toThrow("not known");
  const { intents, outcomes } = await readRecorded(gate.dataDirectory);
  const made = [...intents.values()].filter(({ asked }) => asked?.action?.kind === "tool");
  expect(made).toHaveLength(1);
  expect(outcomes.get(made[0]?.exchange ?? "")).toMatchObject([{ outcome: { kind: "unknown" } }]);
  expect(calls).toBe(1);
}, 120_000);

it("is failed in words where its server asked in a session that ended with the gateway", async () => {
  const server = await startServerEverything();
  onTestFinished(() => server[Symbol.asyncDispose]());
  let gate = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: slow, wire: mcp, url: "${server.url}", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: held, tools: ["slow.*"], effect: approve }
  - { id: rest, mcp: { upstreams: [slow] }, effect: allow }
`,
    },
  });
  onTestFinished(() => gate[Symbol.asyncDispose]());
  const ask = await administer(gate);
  const client = await taskClient(gate.url);
  await client.listTools();
  const { tasks } = client.experimental;
  const call = { name: "trigger-elicitation-request", arguments: {} };
  const { value } = await tasks.callToolStream(call, CallToolResultSchema, { task: {} }).next();
  const { taskId } = (value as { readonly task: { readonly taskId: string } }).task;
  const { items } = await ask("GET", "/reviews?status=pending");
  await ask("POST", `/reviews/${items[0].id}/approve`, {});
  await expect.poll(async () => (await tasks.getTask(taskId)).status).toBe("input_required");
  gate.child.kill("SIGKILL");
  await new Promise((resolve) => gate.child.once("exit", resolve));

  gate = await gate.restart();
  // The session is the server's, and goes on.
  await expect(tasks.getTaskResult(taskId, CallToolResultSchema)).rejects.toThrow("look before");
  expect(await tasks.getTask(taskId)).toMatchObject({ status: "failed" });
  await client.close();
}, 120_000);
