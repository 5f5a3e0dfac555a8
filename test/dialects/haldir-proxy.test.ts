/** Tools behind the proxy: one path, whichever door they are called through. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  startHaldir,
  startToolServer,
  type HaldirClient,
  type Reply,
  type ToolServer,
} from "../support/haldir.ts";

let server: ToolServer;
let haldir: HaldirClient;

beforeAll(async () => {
  server = await startToolServer();
  haldir = await startHaldir();
});
afterAll(async () => {
  await haldir.gate[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const call = (session: string, tool: string, args: object = {}): Promise<Reply> =>
  haldir.ask("POST", "/v1/proxy/call", { tool, arguments: args, session_id: session });

/** The same call as MCP through the data plane. */
async function callByMcp(session: string, name: string, args: Record<string, unknown> = {}) {
  const client = new Client({ name: "t", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(`${haldir.gate.url}/mcp/shop`), {
    requestInit: { headers: { "x-sallyport-key": haldir.key, "x-sallyport-session": session } },
  });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    return {
      tools: tools.map((tool) => tool.name),
      result: await client.callTool({ name, arguments: args }),
    };
  } finally {
    await client.close();
  }
}

const ran = (tool: string): number => server.ran.filter((name) => name === tool).length;

describe("a registered upstream", () => {
  it("is asked for its tools at once", async () => {
    const reply = await haldir.ask("POST", "/v1/proxy/upstreams", {
      name: "shop",
      url: server.url,
    });
    expect(reply).toMatchObject({
      status: 201,
      body: {
        registered: true,
        name: "shop",
        url: server.url,
        healthy: true,
        tools_discovered: 4,
        tool_names: ["charge", "delete_database", "fail", "list_customers"],
      },
    });
    expect((await haldir.ask("GET", "/v1/proxy/tools")).body).toMatchObject({
      count: 4,
      tools: expect.arrayContaining([
        { name: "charge", description: "Does charge.", upstream: "shop" },
      ]),
    });
    expect((await haldir.ask("GET", "/v1/proxy/upstreams")).body).toMatchObject({
      total_upstreams: 1,
      upstreams: [{ name: "shop", url: server.url, healthy: true, tools: 4 }],
    });
  });

  it("that does not answer is registered all the same, and said not to be healthy", async () => {
    const gone = { name: "gone", url: "http://127.0.0.1:9/mcp" };
    expect(await haldir.ask("POST", "/v1/proxy/upstreams", gone)).toMatchObject({
      status: 201,
      body: { healthy: false, tools_discovered: 0, tool_names: [], error: expect.any(String) },
    });
    const session = await haldir.session();
    expect(await call(session, "gone.anything")).toMatchObject({
      status: 502,
      body: { isError: true, content: [{ type: "text" }] },
    });
  });

  it("answers calls by bare and by full name, its own errors included", async () => {
    const session = await haldir.session();
    expect(await call(session, "list_customers")).toMatchObject({
      status: 200,
      body: { isError: false, content: [{ type: "text", text: "did list_customers" }] },
    });
    expect(await call(session, "shop.list_customers")).toMatchObject({ status: 200 });
    expect(await call(session, "fail")).toMatchObject({ status: 200, body: { isError: true } });
    expect(await call(session, "nothing")).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("GET /v1/proxy/tools") },
    });
    expect(await call("ses_nobodys", "list_customers")).toMatchObject({ status: 401 });
  });
});

describe("a policy", () => {
  it("blocks a tool for both doors, and both attempts are recorded", async () => {
    const session = await haldir.session();
    const block = { type: "block_tool", tool: "delete_database" };
    expect(await haldir.ask("POST", "/v1/proxy/policies", block)).toMatchObject({
      status: 201,
      body: { added: true, type: "block_tool" },
    });
    expect(await call(session, "delete_database")).toMatchObject({
      status: 403,
      body: { isError: true, content: [{ text: expect.stringContaining("delete_database") }] },
    });
    const { tools, result } = await callByMcp(session, "delete_database");
    expect(result.isError).toBe(true);
    expect(tools).not.toContain("delete_database");
    expect(ran("delete_database")).toBe(0);
    const { body } = await haldir.ask(
      "GET",
      `/v1/audit?session_id=${session}&tool=delete_database`,
    );
    expect(body.count).toBe(2);
    expect((await haldir.ask("GET", "/v1/proxy/policies")).body).toEqual({
      policies: [block],
      count: 1,
    });
  });

  it("asks a person for large amounts, once for each approval", async () => {
    const session = await haldir.session();
    await haldir.ask("POST", "/v1/approvals/rules", { type: "spend_over", threshold: 100 });
    expect(await call(session, "charge", { amount: 99 })).toMatchObject({ status: 200 });
    const asked = await call(session, "charge", { amount: 500 });
    expect(asked.status).toBe(200);
    const question = JSON.parse(asked.body.content[0].text);
    expect(question).toMatchObject({ status: "approval_required", request_id: expect.any(String) });
    const pending = await haldir.ask("GET", "/v1/approvals/pending?agent_id=bot-1");
    expect(pending.body).toMatchObject({
      count: 1,
      requests: [{ request_id: question.request_id, tool: "charge", amount: 500 }],
    });
    const approve = `/v1/approvals/${question.request_id}/approve`;
    const words = { decided_by: "sterling", note: "ok" };
    expect(await haldir.ask("POST", approve, words)).toMatchObject({
      status: 200,
      body: { approved: true, request_id: question.request_id },
    });
    expect(await haldir.ask("POST", approve)).toMatchObject({ status: 400 });
    expect(await haldir.ask("GET", `/v1/approvals/${question.request_id}`)).toMatchObject({
      body: { status: "approved", decided_by: "sterling", decision_note: "ok", amount: 500 },
    });
    const passed = await call(session, "charge", { amount: 500 });
    expect(passed.body.content[0].text).toBe("did charge");
    for (const amount of [500, 501]) {
      const again = await call(session, "charge", { amount });
      expect(again.body.content[0].text).toContain("approval_required");
    }
    expect(ran("charge")).toBe(2);
  });
});
