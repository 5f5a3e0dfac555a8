/**
 * Streams that break on their way from the gate: a real client of the session era comes back with
 * `Last-Event-ID`, and misses nothing. The server behind knows no sessions, so what is resumed is
 * the gate's own.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRecorded } from "../support/recorded.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { startRelay, type StallingRelay } from "../support/stalling-relay.ts";
import { said, startToolServer, type ToolServer } from "../support/tool-server.ts";

const SOON = { timeout: 30_000 };

let calls = 0;
let release: () => void = () => {};
let server: ToolServer;
let gate: SallyportProcess;
let relay: StallingRelay;

beforeAll(async () => {
  server = await startToolServer({
    slow: async ({ mcpReq }) => {
      calls += 1;
      const progressToken = mcpReq._meta?.progressToken ?? 0;
      const step = (progress: number): Promise<void> =>
        mcpReq.notify({
          method: "notifications/progress",
          params: { progressToken, progress, total: 3 },
        });
      await step(1);
      await new Promise<void>((resolve) => (release = resolve));
      await step(2);
      await step(3);
      return said("done at last");
    },
  });
  gate = await startSallyport({
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
  - { id: tools, tools: ["slow.*"], effect: allow }
  - { id: rest, mcp: { upstreams: [slow] }, effect: allow }
`,
    },
  });
  relay = await startRelay(gate.port);
});

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]();
  await gate?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function connect(path: string) {
  const client = new Client({ name: "old", version: "1" });
  const transport = new StreamableHTTPClientTransport(
    new URL(`http://127.0.0.1:${relay.port}${path}`),
    {
      reconnectionOptions: {
        initialReconnectionDelay: 50,
        maxReconnectionDelay: 50,
        reconnectionDelayGrowFactor: 1,
        maxRetries: 400,
      },
    },
  );
  await client.connect(transport as never);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

/** What the ledger has of calls, once they are over. */
async function completed(): Promise<number> {
  const { intents, outcomes } = await readRecorded(gate.dataDirectory);
  const ofCalls = [...intents.values()].filter(({ asked }) => asked?.action?.kind === "tool");
  return ofCalls.filter(({ exchange }) => outcomes.has(exchange)).length;
}

describe.each([
  ["of all servers", "/mcp", "slow.slow"],
  ["of one server", "/mcp/slow", "slow"],
])("a session with the gate (%s)", (_, path, tool) => {
  it("brings the rest of a call whose stream broke, in order and once", async () => {
    await using client = await connect(path);
    const [before, made] = [await completed(), calls];
    const steps: number[] = [];
    const result = client.callTool({ name: tool, arguments: {} }, undefined, {
      onprogress: ({ progress }) => steps.push(progress),
    });
    await expect.poll(() => steps, SOON).toEqual([1]);
    relay.cut();
    release();
    // The server has answered, and its client was not there to hear it.
    await expect.poll(completed, SOON).toBe(before + 1);
    relay.mend();
    expect((await result).content).toEqual([{ type: "text", text: "done at last" }]);
    expect(steps).toEqual([1, 2, 3]);
    expect(calls).toBe(made + 1);
  });

  it("brings the news that its client missed", async () => {
    await using client = await connect(path);
    let heard = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      heard += 1;
    });
    // Until the gate listens to the server, there is nobody to tell.
    await expect
      .poll(() => {
        server.change();
        return heard;
      }, SOON)
      .toBeGreaterThan(0);
    relay.cut();
    const before = heard;
    server.change();
    relay.mend();
    await expect.poll(() => heard, SOON).toBeGreaterThan(before);
  });
});
