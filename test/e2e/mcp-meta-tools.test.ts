/** Tools that are only ways to other tools: policy sees the tool that runs, and so does the record. */
import { Client } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ledgerLines } from "../support/ledger-lines.ts";
import { startMetaServer, type MetaServer } from "../support/meta-server.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

let server: MetaServer;
let sallyport: SallyportProcess;

beforeAll(async () => {
  server = await startMetaServer();
  const upstream = (name: string, more: string): string =>
    `  - { name: ${name}, wire: mcp, url: "${server.url}", allow_private: true${more} }\n`;
  sallyport = await startSallyport({
    config:
      `agents: [{ name: bot }]\nidentity: { loopback_agent: bot }\nupstreams:\n` +
      upstream(
        "told",
        ", meta_tools: [{ tool: run, name_in: tool_name, args_in: arguments }, { tool: call_tool, name_in: tool_name, args_in: arguments }]",
      ) +
      upstream("untold", ""),
    policies: {
      "bot.yaml": `
version: 1
agents: [bot]
rules:
  - { id: read, tools: ["*.read_*"], effect: allow }
  - { id: search, tools: ["*.search_tools", untold.call_tool], effect: allow }
  - { id: never, tools: [told.call_tool], effect: deny }
`,
    },
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function connect(path: string) {
  const client = new Client({ name: "t", version: "1" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${sallyport.url}${path}`)));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

interface Called {
  readonly isError?: boolean | undefined;
  readonly content: readonly { readonly text?: string }[];
  readonly structuredContent?: unknown;
}

async function call(client: Client, name: string, tool_name: string): Promise<Called> {
  const args = { tool_name, arguments: { id: "7" } };
  return (await client.callTool({ name, arguments: args })) as Called;
}

describe("a tool that calls others by name", () => {
  it("does what policy allows of the others, and is shown for it", async () => {
    await using client = await connect("/mcp/told");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).toSorted()).toEqual(["run", "search_tools"]);
    expect((await call(client, "run", "read_user")).content[0]?.text).toBe("did read_user");
    const denied = await call(client, "run", "delete_user");
    expect(denied.isError).toBe(true);
    expect(denied.content[0]?.text).toContain("told.delete_user");
    expect((await call(client, "call_tool", "read_user")).isError).toBe(true);
    expect(server.done).not.toContain("delete_user");
  });

  it("needs a rule of its own where nobody described it", async () => {
    await using client = await connect("/mcp/untold");
    expect((await call(client, "call_tool", "read_user")).isError).not.toBe(true);
    expect((await call(client, "call_tool", "delete_user")).isError).toBe(true);
    expect((await call(client, "run", "read_user")).isError).toBe(true);
    expect(server.done).not.toContain("delete_user");
  });

  it("is seen through from the federation, and by who asks beforehand", async () => {
    await using client = await connect("/mcp");
    expect((await call(client, "told.run", "delete_user")).isError).toBe(true);
    expect((await call(client, "told.run", "read_user")).isError).not.toBe(true);
    await using own = await connect("/mcp/sallyport");
    const ask = async (tool_name: string): Promise<string> => {
      const planned = { tool: "told.run", arguments: { tool_name } };
      const answer = await own.callTool({ name: "check_permission", arguments: planned });
      return (answer as Called).content[0]?.text ?? "";
    };
    expect(await ask("delete_user")).toContain("told.delete_user");
    expect(await ask("read_user")).not.toContain("denied");
  });

  it("is on the record as what it called", async () => {
    const records = JSON.stringify(await ledgerLines(sallyport.dataDirectory));
    expect(records).toContain(`"tool":"read_user","via":["run"]`);
    expect(records).toContain(`"tool":"delete_user","via":["run"]`);
  });
});

it("a search for tools finds what may be called", async () => {
  await using client = await connect("/mcp/told");
  const found = (await client.callTool({ name: "search_tools", arguments: {} })) as Called;
  expect(found.structuredContent).toEqual({
    tools: [{ name: "read_user", description: "Can read_user." }],
  });
  expect(found.content[0]?.text).not.toContain("delete_user");
});
