/**
 * What the conformance suite expects of a server, in both eras, on the SDKs' own servers: the suite
 * is run against it directly and through Sallyport. It knows nothing of tasks: those that the suite
 * wants are calls that take their time, before which a gate keeps tasks.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { localhostHostValidation, toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { ConformanceSessions } from "./conformance-sessions.ts";
import { createStatelessFixture, protocolFaultOf } from "./conformance-stateless.ts";

export interface ConformanceServer extends AsyncDisposable {
  readonly url: string;
}

export async function startConformanceServer(): Promise<ConformanceServer> {
  const announce = {
    tools: (): void => stateless.notify.toolsChanged(),
    prompts: (): void => stateless.notify.promptsChanged(),
  };
  const stateless = createMcpHandler(() => createStatelessFixture(announce), { legacy: "reject" });
  const handle = toNodeHandler(stateless);
  const sessions = new ConformanceSessions();
  const isLocal = localhostHostValidation();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    if (isOfSessions(request, body)) return sessions.handle(request, response, body);
    const fault = await protocolFaultOf(body ?? {});
    if (fault !== undefined) {
      const { id } = body as { id?: unknown };
      response.writeHead(fault.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id, error: fault.error }));
      return;
    }
    if (isWhole(request)) await handle(request, response, body);
  };
  const server = createServer((request, response) => {
    if (!isLocal(request, response)) return;
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      await stateless.close();
      await sessions.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Undefined: none, or none in JSON. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

function isOfSessions({ method, headers }: IncomingMessage, body: unknown): boolean {
  if (method !== "POST" || headers["mcp-session-id"] !== undefined) return true;
  const { method: asked, params } = (body ?? {}) as {
    method?: string;
    params?: { _meta?: object };
  };
  const claims = "io.modelcontextprotocol/protocolVersion" in (params?._meta ?? {});
  return asked === "initialize" && !claims;
}

function isWhole(
  request: IncomingMessage,
): request is IncomingMessage & { method: string; url: string } {
  return request.method !== undefined && request.url !== undefined;
}
