/** The conformance fixture in the era of sessions, on the SDK's 1.x line. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import { InMemoryEventStore } from "@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
  type ServerNotification,
  type ServerRequest,
} from "@modelcontextprotocol/sdk/types.js";
import {
  CONTENT,
  ERROR_TEXT,
  PROMPTS,
  QUESTIONS,
  resourceAt,
  SCHEMA_2020_12,
} from "./conformance-content.ts";

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;
type Args = Readonly<Record<string, unknown>>;
type Run = (args: Args, extra: Extra) => Promise<object>;

const RETRY_MS = 200;
const text = (said: string): object => ({ content: [{ type: "text", text: said }] });
const string = { type: "string" };

export class ConformanceSessions {
  readonly #open = new Map<string, StreamableHTTPServerTransport>();

  async handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? this.#open.get(id) : undefined;
    if (id !== undefined && known === undefined) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"no such session"}}');
      return;
    }
    const transport = known ?? (await this.#begin());
    await transport.handleRequest(request, response, body);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((transport) => transport.close()));
  }

  async #begin(): Promise<StreamableHTTPServerTransport> {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: new InMemoryEventStore(),
      retryInterval: RETRY_MS,
      onsessioninitialized: (id) => void this.#open.set(id, transport),
      onsessionclosed: (id) => void this.#open.delete(id),
    });
    await fixture().connect(transport as never);
    return transport;
  }
}

const TOOLS: Readonly<
  Record<string, { readonly properties?: object; readonly schema?: object; readonly run: Run }>
> = {
  ...Object.fromEntries(
    Object.entries(CONTENT).map(([name, content]) => [
      name,
      { run: () => Promise.resolve({ content }) },
    ]),
  ),
  test_error_handling: { run: async () => ({ ...text(ERROR_TEXT), isError: true }) },
  test_tool_with_logging: {
    run: async (_, extra) => {
      const steps = ["Tool execution started", "Tool processing data", "Tool execution completed"];
      for (const data of steps) {
        const params = { level: "info" as const, data };
        await extra.sendNotification({ method: "notifications/message", params });
        await setTimeout(50);
      }
      return text("logged");
    },
  },
  test_tool_with_progress: {
    run: async (_, extra) => {
      const { progressToken } = extra._meta ?? {};
      for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
        const params = { progressToken: progressToken ?? 0, progress, total: 100 };
        await extra.sendNotification({ method: "notifications/progress", params });
      }
      return text("done");
    },
  },
  test_sampling: {
    properties: { prompt: string },
    run: async ({ prompt }, extra) => {
      const content = { type: "text" as const, text: String(prompt) };
      const params = { messages: [{ role: "user" as const, content }], maxTokens: 100 };
      const asked = { method: "sampling/createMessage" as const, params };
      const answer = await extra.sendRequest(asked, CreateMessageResultSchema);
      const said = "text" in answer.content ? answer.content.text : "";
      return text(`LLM response: ${said}`);
    },
  },
  test_elicitation: {
    properties: { message: string },
    run: async ({ message }, extra) => {
      const answer = await elicited(QUESTIONS.user(String(message)), extra);
      return text(`User response: ${answer}`);
    },
  },
  test_elicitation_sep1034_defaults: { run: (_, extra) => chosen(QUESTIONS.defaults, extra) },
  test_elicitation_sep1330_enums: { run: (_, extra) => chosen(QUESTIONS.enums, extra) },
  test_reconnection: {
    run: async (_, extra) => {
      extra.closeSSEStream?.();
      await setTimeout(100);
      return text("Reconnection test completed");
    },
  },
  json_schema_2020_12_tool: { schema: SCHEMA_2020_12, run: async () => text("fits") },
};

async function elicited(params: object, extra: Extra): Promise<string> {
  const asked = { method: "elicitation/create" as const, params: params as never };
  const { action, content } = await extra.sendRequest(asked, ElicitResultSchema);
  return `action=${action}, content=${JSON.stringify(content ?? {})}`;
}

async function chosen(params: object, extra: Extra): Promise<object> {
  return text(`Elicitation completed: ${await elicited(params, extra)}`);
}

function fixture(): Server {
  const server = new Server(
    { name: "conformance", version: "1.0.0" },
    {
      capabilities: {
        tools: {},
        prompts: {},
        resources: { subscribe: true },
        logging: {},
        completions: {},
      },
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(TOOLS).map(([name, { properties = {}, schema }]) => {
      const required = Object.keys(properties);
      return {
        name,
        description: `The suite's ${name}.`,
        inputSchema: (schema ?? { type: "object", properties, required }) as { type: "object" },
      };
    }),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = TOOLS[params.name];
    if (tool === undefined) throw new McpError(-32602, `no tool ${params.name}`);
    return tool.run(params.arguments ?? {}, extra);
  });
  addPrompts(server);
  addResources(server);
  return server;
}

function addPrompts(server: Server): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: PROMPTS.map(({ name, args }) => ({
      name,
      description: `The suite's ${name}.`,
      arguments: args.map((arg) => ({ name: arg, description: arg, required: true })),
    })),
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const prompt = PROMPTS.find(({ name }) => name === params.name);
    if (prompt === undefined) throw new McpError(-32602, `no prompt ${params.name}`);
    return { messages: prompt.messages(params.arguments ?? {}) as never };
  });
  server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: ["paris"] } }));
}

function addResources(server: Server): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: ["test://static-text", "test://static-binary", "test://watched-resource"].map(
      (uri) => ({ uri, name: uri, description: uri }),
    ),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ uriTemplate: "test://template/{id}/data", name: "template" }],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
    const contents = resourceAt(params.uri);
    if (contents === undefined) throw new McpError(-32002, "no such resource");
    return { contents: [contents as never] };
  });
  server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
}
