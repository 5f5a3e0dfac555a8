/**
 * Lists that change under a client: the gate reads them for itself, and says so where the server
 * does not, in both eras and from all servers at once.
 */
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Client as StatelessClient } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as StatelessTransport } from "@modelcontextprotocol/client";
import { toNodeHandler, type NodeIncomingMessageLike } from "@modelcontextprotocol/node";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ledgerLines } from "../support/ledger-lines.ts";
import { startServerEverything, type ServerEverything } from "../support/server-everything.ts";
import { startStatelessServer, type StatelessServer } from "../support/stateless-server.ts";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";

const SOON = { timeout: 30_000 };

/** What the server without a word about changes says of its tools now. */
let tools = ["first"];
let quiet: Server;
let everything: ServerEverything;
let stateless: StatelessServer;
let sallyport: SallyportProcess;

const policy = (denied: string): string => `
version: 1
agents: [tester]
rules:
  - { id: tools, tools: ["*.*"], effect: allow }
  - { id: rest, mcp: { upstreams: ["*"] }, effect: allow }
  - { id: not-this, tools: ["*.${denied}"], effect: deny }
`;

beforeAll(async () => {
  everything = await startServerEverything();
  stateless = await startStatelessServer();
  const mcp = createMcpHandler(() => {
    const server = new McpServer({ name: "quiet", version: "1" }, { capabilities: { tools: {} } });
    for (const name of tools) {
      server.registerTool(name, { description: name }, () => ({ content: [] }));
    }
    return server;
  });
  quiet = createServer((request, response) => {
    void toNodeHandler(mcp)(request as NodeIncomingMessageLike, response);
  });
  await new Promise<void>((resolve) => quiet.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(quiet.address() as AddressInfo).port}/mcp`;
  sallyport = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: old, wire: mcp, url: "${everything.url}", allow_private: true }
  - { name: new, wire: mcp, url: "${stateless.url}", allow_private: true }
  - { name: quiet, wire: mcp, url: "${url}", allow_private: true, trust: review }
`,
    policies: { "tester.yaml": policy("nothing") },
    env: { SALLYPORT_DEFINITIONS_REFRESH_MS: "1000" },
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  await everything?.[Symbol.asyncDispose]();
  await stateless?.[Symbol.asyncDispose]();
  quiet?.closeAllConnections();
  quiet?.close();
});

/** How often a client of each era heard that its tools have changed. */
async function sessionClient(path: string) {
  let heard = 0;
  const client = new Client({ name: "t", version: "1" });
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    heard += 1;
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(sallyport.url + path)) as never);
  const names = async () => (await client.listTools()).tools.map(({ name }) => name);
  return { names, heard: () => heard, [Symbol.asyncDispose]: () => client.close() };
}

async function statelessClient(path: string) {
  let heard = 0;
  const client = new StatelessClient(
    { name: "t", version: "1" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  client.setNotificationHandler("notifications/tools/list_changed", () => {
    heard += 1;
  });
  await client.connect(new StatelessTransport(new URL(sallyport.url + path)));
  await client.listen({ toolsListChanged: true });
  const names = async () => (await client.listTools()).tools.map(({ name }) => name);
  return { names, heard: () => heard, [Symbol.asyncDispose]: () => client.close() };
}

const changePolicy = (denied: string): void =>
  writeFileSync(join(sallyport.directory, "policies", "tester.yaml"), policy(denied));

describe("a client", () => {
  it("of the session era hears that a new policy shows it other tools", async () => {
    await using client = await sessionClient("/mcp/old");
    expect(await client.names()).toContain("echo");
    changePolicy("echo");
    await expect.poll(client.heard, SOON).toBeGreaterThan(0);
    await expect.poll(client.names, SOON).not.toContain("echo");
    changePolicy("nothing");
    await expect.poll(client.names, SOON).toContain("echo");
  });

  it("of the stateless era hears the same, of one server and of all", async () => {
    await using one = await statelessClient("/mcp/new");
    await using all = await statelessClient("/mcp");
    expect(await one.names()).toContain("echo");
    expect(await all.names()).toContain("new.echo");
    changePolicy("echo");
    await expect.poll(one.heard, SOON).toBeGreaterThan(0);
    await expect.poll(all.heard, SOON).toBeGreaterThan(0);
    // What was heard may be the change before this one.
    await expect.poll(one.names, SOON).not.toContain("echo");
    await expect.poll(all.names, SOON).not.toContain("new.echo");
    changePolicy("nothing");
  });

  it("with a session with all servers hears what one of them says", async () => {
    await using all = await sessionClient("/mcp");
    await all.names();
    const before = all.heard();
    // Until the stream to that server stands, there is nobody to tell.
    await expect
      .poll(() => {
        stateless.change();
        return all.heard();
      }, SOON)
      .toBeGreaterThan(before);
  });
});

describe("the gate", () => {
  const standing = async (): Promise<string> =>
    (await runSallyport(["mcp", "tools", "--config", sallyport.configFile])).stdout;

  it("has read a server's tools before any agent, and says who asked", async () => {
    await expect.poll(standing, SOON).toMatch(/pending +quiet\.first/);
    const records = JSON.stringify(await ledgerLines(sallyport.dataDirectory));
    expect(records).toContain(`"agent":"~gate"`);
    expect(records).toContain(`"proven_by":"gate"`);
  });

  it("finds what changed by itself, and tells of an approval", async () => {
    await using client = await statelessClient("/mcp/quiet");
    expect(await client.names()).toEqual([]);
    tools = ["first", "second"];
    await expect.poll(standing, SOON).toMatch(/pending +quiet\.second/);
    const before = client.heard();
    const config = ["--config", sallyport.configFile];
    const approved = await runSallyport(["mcp", "approve", "quiet.second", ...config]);
    expect(approved.code).toBe(0);
    await expect.poll(client.heard, SOON).toBeGreaterThan(before);
    expect(await client.names()).toEqual(["second"]);
  });
});
