/** A proxy as the SDK makes it: its server before, its client behind, every message parsed by both. */
import { createServer, type IncomingMessage } from "node:http";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, fromJsonSchema, McpServer } from "@modelcontextprotocol/server";

const mode = { pin: "2026-07-28" };
const client = new Client({ name: "proxy", version: "1" }, { versionNegotiation: { mode } });
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2] ?? "")));

const schema = fromJsonSchema<{ text: string }>({
  type: "object",
  properties: { text: { type: "string" } },
});
const handle = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name: "proxy", version: "1" });
    server.registerTool("look", { inputSchema: schema }, (args) =>
      client.callTool({ name: "look", arguments: args }),
    );
    return server;
  }),
);

const server = createServer((request, response) => {
  if (isWhole(request)) handle(request, response).catch(() => response.destroy());
});

function isWhole(
  request: IncomingMessage,
): request is IncomingMessage & { method: string; url: string } {
  return request.method !== undefined && request.url !== undefined;
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : 0 });
});
process.on("disconnect", () => process.exit());
