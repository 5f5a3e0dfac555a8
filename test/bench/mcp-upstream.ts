/** A stateless MCP server of as little as possible: what is measured stands before it. */
import { createServer } from "node:http";

const TEXT = Array.from(
  { length: 12 },
  (_, day) => `Harbour, day ${day}: wind 12 knots, 3 ships in, 2 out.`,
).join("\n");

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString());
    const body = JSON.stringify({ jsonrpc: "2.0", id, result: resultOf(method) });
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  });
});

function resultOf(method: string): object {
  const cached = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
  switch (method) {
    case "server/discover":
      return { ...cached, supportedVersions: ["2026-07-28"], capabilities: { tools: {} } };
    case "tools/list":
      return { ...cached, tools: [{ name: "look", inputSchema: { type: "object" } }] };
    default:
      return { resultType: "complete", content: [{ type: "text", text: TEXT }] };
  }
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : 0 });
});
process.on("disconnect", () => process.exit());
