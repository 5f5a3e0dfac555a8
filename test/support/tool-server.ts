/** A stateless MCP server over HTTP with the tools that a test gives it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler, type NodeIncomingMessageLike } from "@modelcontextprotocol/node";
import {
  createMcpHandler,
  McpServer,
  type CallToolResult,
  type ServerContext,
} from "@modelcontextprotocol/server";

export type Tools = Readonly<
  Record<string, (context: ServerContext) => CallToolResult | Promise<CallToolResult>>
>;

export interface ToolServer extends AsyncDisposable {
  readonly url: string;
  /** Tells listeners that the tools changed. */
  change(): void;
}

export async function startToolServer(tools: Tools): Promise<ToolServer> {
  const mcp = createMcpHandler(() => fixture(tools), { legacy: "reject" });
  const server = createServer((request, response) => {
    void toNodeHandler(mcp)(request as NodeIncomingMessageLike, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    change: () => mcp.notify.toolsChanged(),
    async [Symbol.asyncDispose]() {
      await mcp.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function fixture(tools: Tools): McpServer {
  const capabilities = { tools: { listChanged: true } };
  const server = new McpServer({ name: "tools", version: "1" }, { capabilities });
  for (const [name, run] of Object.entries(tools)) server.registerTool(name, {}, run);
  return server;
}

export function said(text: string): CallToolResult {
  return { content: [{ type: "text", text }] };
}
