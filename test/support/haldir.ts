/** A running gate before a small MCP server, and a client of the documented API. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import { startSallyport, type SallyportProcess } from "./sallyport-process.ts";

export interface ToolServer extends AsyncDisposable {
  readonly url: string;
  /** Names of the tools that were run. */
  readonly ran: readonly string[];
}

/** With `list_customers`, `delete_database`, `charge` and `fail`, which answers with an error. */
export async function startToolServer(): Promise<ToolServer> {
  const ran: string[] = [];
  const anything = fromJsonSchema<Record<string, unknown>>({ type: "object" });
  const make = (): McpServer => {
    const server = new McpServer({ name: "shop", version: "1" }, { capabilities: { tools: {} } });
    for (const name of ["list_customers", "delete_database", "charge", "fail"]) {
      server.registerTool(name, { description: `Does ${name}.`, inputSchema: anything }, () => {
        ran.push(name);
        const content = [{ type: "text" as const, text: `did ${name}` }];
        return name === "fail" ? { content, isError: true } : { content };
      });
    }
    return server;
  };
  const mcp = createMcpHandler(make, { legacy: "reject" });
  const handle = toNodeHandler(mcp);
  const server = createServer((request, response) => {
    if (isWhole(request)) handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    ran,
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

export interface Reply {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- documents of any shape
  readonly body: any;
  readonly headers: Headers;
}

export interface HaldirClient {
  readonly gate: SallyportProcess;
  /** The tenant's first key. */
  readonly key: string;
  /** `key: null`: no credential. */
  ask(method: string, path: string, body?: unknown, more?: AskMore): Promise<Reply>;
  /** A session's id. */
  session(wish?: Readonly<Record<string, unknown>>): Promise<string>;
}

export interface AskMore {
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HaldirSetup {
  /** More YAML of the configuration. */
  readonly config?: string;
  readonly policies?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly tier?: string;
}

export async function startHaldir(setup: HaldirSetup = {}): Promise<HaldirClient> {
  const { config = "upstreams: []\n", policies = {}, env = {}, tier = "enterprise" } = setup;
  const gate = await startSallyport({
    config: `api: { private_upstreams: true }\n${config}`,
    policies,
    env,
  });
  let key = "";
  const ask: HaldirClient["ask"] = async (
    method,
    path,
    body,
    { key: shown = key, headers } = {},
  ) => {
    const reply = await fetch(`${gate.manageUrl}${path}`, {
      method,
      headers: {
        ...(shown !== null && shown !== "" && { authorization: `Bearer ${shown}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    return {
      status: reply.status,
      body: text === "" ? undefined : JSON.parse(text),
      headers: reply.headers,
    };
  };
  const first = await ask("POST", "/v1/keys", { tier });
  if (first.status !== 201) throw new Error(`no first key: ${JSON.stringify(first.body)}`);
  key = first.body.key;
  return {
    gate,
    key,
    ask,
    async session(wish = {}) {
      const made = await ask("POST", "/v1/sessions", { agent_id: "bot-1", ...wish });
      if (made.status !== 201) throw new Error(`no session: ${JSON.stringify(made.body)}`);
      return made.body.session_id;
    },
  };
}
