/** An MCP server whose tools are reached through others: one that searches, one that calls by name. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, fromJsonSchema, McpServer } from "@modelcontextprotocol/server";

export interface MetaServer extends AsyncDisposable {
  readonly url: string;
  /** What was carried out. */
  readonly done: readonly string[];
}

const HIDDEN = ["read_user", "delete_user"].map((name) => ({ name, description: `Can ${name}.` }));

export async function startMetaServer(): Promise<MetaServer> {
  const done: string[] = [];
  const mcp = createMcpHandler(() => createFixture(done));
  const handle = toNodeHandler(mcp);
  const server = createServer((request, response) => {
    if (isWhole(request)) handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    done,
    async [Symbol.asyncDispose]() {
      await mcp.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isWhole(
  request: IncomingMessage,
): request is IncomingMessage & { method: string; url: string } {
  return request.method !== undefined && request.url !== undefined;
}

function createFixture(done: string[]): McpServer {
  const server = new McpServer({ name: "meta", version: "1.0.0" }, { capabilities: { tools: {} } });
  const call = fromJsonSchema<{ tool_name: string }>({
    type: "object",
    properties: { tool_name: { type: "string" }, arguments: { type: "object" } },
    required: ["tool_name"],
  });
  const query = fromJsonSchema<{ query: string }>({
    type: "object",
    properties: { query: { type: "string" } },
  });
  for (const name of ["call_tool", "run"]) {
    server.registerTool(name, { description: "Calls a tool.", inputSchema: call }, (args) => {
      done.push(args.tool_name);
      return { content: [{ type: "text", text: `did ${args.tool_name}` }] };
    });
  }
  server.registerTool("search_tools", { description: "Finds tools.", inputSchema: query }, () => ({
    content: [{ type: "text", text: JSON.stringify({ tools: HIDDEN }) }],
    structuredContent: { tools: HIDDEN },
  }));
  return server;
}
