/** `/mcp`: several real servers of both eras as one, for real clients of both eras. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as SessionClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as SessionTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRecorded } from "../support/recorded.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { startServerEverything, type ServerEverything } from "../support/server-everything.ts";
import { startStatelessServer, type StatelessServer } from "../support/stateless-server.ts";

const EVERYTHING = fileURLToPath(
  import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"),
);

/** Three tools to a page, so that lists have pages. */
const PAGED_SERVER = `
import { createInterface } from "node:readline";
const tools = ["a", "b", "c", "d", "e", "f", "g"].map((name) => ({ name, inputSchema: { type: "object" } }));
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  const say = (result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
  if (method === "initialize") say({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "paged", version: "1" } });
  else if (method === "tools/list") {
    const at = Number(params.cursor ?? 0);
    say({ tools: tools.slice(at, at + 3), ...(at + 3 < tools.length && { nextCursor: String(at + 3) }) });
  } else if (method === "tools/call") say({ content: [{ type: "text", text: "from " + params.name }, { type: "resource_link", uri: "page://" + params.name, name: "x" }] });
  else if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "no" } }));
}
`;

let home: string;
let everything: ServerEverything;
let stateless: StatelessServer;
let sallyport: SallyportProcess;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "sallyport-federation-"));
  writeFileSync(join(home, "paged.mjs"), PAGED_SERVER);
  [everything, stateless] = await Promise.all([startServerEverything(), startStatelessServer()]);
  const node = JSON.stringify(process.execPath);
  sallyport = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: new, wire: mcp, url: "${stateless.url}", allow_private: true }
  - { name: gone, wire: mcp, url: "http://127.0.0.1:9/mcp", allow_private: true }
  - { name: every, wire: mcp, stdio: { command: [${node}, ${JSON.stringify(EVERYTHING)}, stdio] } }
  - { name: paged, wire: mcp, stdio: { command: [${node}, paged.mjs], cwd: ${JSON.stringify(home)} } }
  - { name: secret, wire: mcp, url: "${everything.url}", allow_private: true }
  - { name: plain, wire: http, url: "http://127.0.0.1:9", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: all, tools: ["new.*", "every.*", "paged.*"], effect: allow }
  - { id: not-this, tools: [paged.b], effect: deny, message: Not b. }
  - { id: rest, mcp: { upstreams: [new, every, paged] }, effect: allow }
`,
    },
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  await everything?.[Symbol.asyncDispose]();
  await stateless?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const textOf = (result: unknown): string =>
  (result as { content: { text?: string }[] }).content.map(({ text }) => text ?? "").join("\n");

async function oldClient() {
  const capabilities = { sampling: {}, elicitation: {} };
  const client = new SessionClient({ name: "old", version: "1" }, { capabilities });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: "m",
    role: "assistant" as const,
    content: { type: "text" as const, text: "sampled by the client" },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: "accept" as const,
    content: { yes: true },
  }));
  await client.connect(new SessionTransport(new URL(`${sallyport.url}/mcp`)) as never);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

async function newClient() {
  const client = new Client(
    { name: "new", version: "1" },
    {
      capabilities: { sampling: {}, elicitation: {} },
      versionNegotiation: { mode: { pin: "2026-07-28" } },
    },
  );
  client.setRequestHandler("sampling/createMessage", () => ({
    model: "m",
    role: "assistant" as const,
    content: { type: "text" as const, text: "sampled by the client" },
  }));
  client.setRequestHandler("elicitation/create", () => ({
    action: "accept" as const,
    content: { yes: true },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(`${sallyport.url}/mcp`)));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

describe.each([
  ["2025", oldClient],
  ["2026", newClient],
] as const)("the federation, for a client of %s", (_, connect) => {
  it("lists what may be used of every server, page by page, in one order, without those that fail", async () => {
    await using client = await connect();
    const names: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await client.listTools(cursor === undefined ? undefined : { cursor });
      names.push(...page.tools.map(({ name }) => name));
      if (pages === 0)
        expect(page._meta).toMatchObject({
          "io.sallyport/unavailable": { gone: expect.any(String) },
        });
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== undefined && pages < 10);
    expect(names).toContain("every.echo");
    expect(names.filter((name) => name.startsWith("paged."))).toEqual(
      ["a", "c", "d", "e", "f", "g"].map((name) => `paged.${name}`),
    );
    expect(names.filter((name) => name.startsWith("new."))).toContain("new.confirm");
    expect(names.filter((name) => /^(secret|gone|plain|mcp)\./.test(name))).toEqual([]);
    const again = (await client.listTools()).tools.map(({ name }) => name);
    expect(again).toEqual(names.slice(0, again.length));
    // Servers stand in one order on every page; some clients join the pages by themselves.
    const servers = [...new Set(again.map((name) => name.split(".")[0]))];
    expect(servers).toEqual(servers.toSorted((a = "", b = "") => (a < b ? -1 : 1)));
  });

  it("calls tools of all of them, with progress, and with questions back to the client", async () => {
    await using client = await connect();
    const call = (name: string, args = {}) => client.callTool({ name, arguments: args });
    expect(textOf(await call("new.echo", { text: "hi" }))).toBe("hi");
    expect(textOf(await call("every.echo", { message: "hi" }))).toBe("Echo: hi");
    expect(textOf(await call("new.confirm"))).toContain("accept");
    const sampled = await call("every.trigger-sampling-request", { prompt: "x", maxTokens: 5 });
    expect(textOf(sampled)).toContain("sampled by the client");
    const steps: number[] = [];
    const onprogress = ({ progress }: { progress: number }): unknown => steps.push(progress);
    const long = {
      name: "every.trigger-long-running-operation",
      arguments: { duration: 0.2, steps: 2 },
    };
    if (client instanceof SessionClient) await client.callTool(long, undefined, { onprogress });
    else await client.callTool(long, { onprogress });
    expect(steps).toEqual([1, 2]);
  });

  it("reads resources and gets prompts under names that tell whose they are", async () => {
    await using client = await connect();
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain("mcp://new/note://one");
    const { contents } = await client.readResource({ uri: "mcp://new/note://one" });
    expect(contents).toMatchObject([{ uri: "mcp://new/note://one", text: "a note" }]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.every(({ uriTemplate }) => uriTemplate.startsWith("mcp://"))).toBe(
      true,
    );
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain("new.greet");
    const prompt = await client.getPrompt({ name: "new.greet", arguments: { text: "Ada" } });
    expect(JSON.stringify(prompt)).toContain("Greet Ada");
    const completed = await client.complete({
      ref: { type: "ref/prompt", name: "every.completable-prompt" },
      argument: { name: "department", value: "E" },
    });
    expect(completed.completion.values).toContain("Engineering");
    const linked = await client.callTool({ name: "paged.a", arguments: {} });
    expect(JSON.stringify(linked)).toContain("mcp://paged/page://a");
  });

  it("says no in words where policy says no, and where there is nothing", async () => {
    await using client = await connect();
    const denied = await client.callTool({ name: "paged.b", arguments: {} });
    expect(denied.isError).toBe(true);
    expect(textOf(denied)).toContain("Not b.");
    const unheard = await client.callTool({ name: "secret.echo", arguments: { message: "x" } });
    expect(unheard.isError).toBe(true);
    expect(textOf(unheard)).toContain("Do not retry");
    const nobody = await client.callTool({ name: "nobody.echo", arguments: {} });
    expect(nobody.isError).toBe(true);
    expect(textOf(nobody)).toContain("tool nobody.echo");
  });
});

describe("the federation's news", () => {
  it("carries list changes and updates of resources", async () => {
    await using client = await oldClient();
    const changed = new Promise((resolve) => {
      client.setNotificationHandler(ToolListChangedNotificationSchema, resolve);
    });
    const again = setInterval(() => stateless.change(), 50);
    await changed;
    clearInterval(again);
    const uri = "mcp://every/demo://resource/static/document/architecture.md";
    const updated = new Promise<string>((resolve) => {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) =>
        resolve(params.uri),
      );
    });
    await client.subscribeResource({ uri });
    await client.callTool({ name: "every.toggle-subscriber-updates", arguments: {} });
    expect(await updated).toBe(uri);
  });
});

describe("the record", () => {
  it("has a federated call once, as an exchange with the server that was called", async () => {
    await using client = await newClient();
    const count = async (): Promise<number> => {
      const { intents } = await readRecorded(sallyport.dataDirectory);
      return intents.size;
    };
    const before = await count();
    await client.callTool({ name: "new.echo", arguments: { text: "on the record" } });
    const recorded = await readRecorded(sallyport.dataDirectory);
    expect(recorded.intents.size).toBe(before + 1);
    const intent = [...recorded.intents.values()].at(-1);
    expect(intent?.asked).toMatchObject({ upstream: "new" });
    // A forwarded call does not wait for its outcome to be durable.
    await expect
      .poll(async () => {
        const { outcomes } = await readRecorded(sallyport.dataDirectory);
        return outcomes.get(intent?.exchange ?? "")?.map(({ outcome }) => outcome.kind);
      })
      .toEqual(["completed"]);
  });
});
