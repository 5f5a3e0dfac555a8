import { Client as SdkClient } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as SdkTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDemoMcpServer } from "../../src/app/demo/mcp-server.ts";

const TOOLS = ["delete_customer", "echo", "pay", "read_page", "send_email", "whoami"];

let demo: Awaited<ReturnType<typeof startDemoMcpServer>>;

beforeAll(async () => {
  demo = await startDemoMcpServer();
});
afterAll(() => demo.close());

describe("the demo MCP server", () => {
  it("serves a client of the session era", async () => {
    const client = new LegacyClient({ name: "test", version: "1" });
    await client.connect(new LegacyTransport(new URL(demo.url)) as never);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).toSorted()).toEqual(TOOLS);
    const result = await client.callTool({ name: "read_page", arguments: { path: "/pricing" } });
    expect(result.content).toMatchObject([{ text: expect.stringContaining("9.99 USD") }]);
    await client.close();
  });

  it("serves a client of the stateless era", async () => {
    const client = new SdkClient(
      { name: "test", version: "1" },
      { versionNegotiation: { mode: "auto" } },
    );
    await client.connect(
      new SdkTransport(new URL(demo.url), {
        requestInit: { headers: { authorization: "Bearer demo-credential" } },
      }),
    );
    const result = await client.callTool({ name: "whoami", arguments: {} });
    expect(result.content).toMatchObject([
      { text: "Called with Authorization: Bearer demo-credential" },
    ]);
    expect((await client.listPrompts()).prompts).toHaveLength(1);
    const read = await client.readResource({ uri: "books://catalogue" });
    expect(read.contents).toMatchObject([{ text: "Dune; Emma; Ulysses" }]);
    await client.close();
  });
});
