/**
 * What the conformance suite expects of a server, as far as a fixture can say it in one page; in
 * both eras. The suite is run against it directly and through Sallyport.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { localhostHostValidation, toNodeHandler } from "@modelcontextprotocol/node";
import {
  createMcpHandler,
  fromJsonSchema,
  inputRequired,
  McpServer,
  ResourceTemplate,
  type CallToolResult,
  type ContentBlock,
} from "@modelcontextprotocol/server";

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SOUND = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
const NOTHING = fromJsonSchema<Record<string, never>>({ type: "object", properties: {} });
const image: ContentBlock = { type: "image", data: PIXEL, mimeType: "image/png" };

export interface ConformanceServer extends AsyncDisposable {
  readonly url: string;
}

export async function startConformanceServer(): Promise<ConformanceServer> {
  const mcp = createMcpHandler(createFixture);
  const handle = toNodeHandler(mcp);
  const isLocal = localhostHostValidation();
  const server = createServer((request, response) => {
    if (!isLocal(request, response) || !isWhole(request)) return;
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
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

function createFixture(): McpServer {
  const server = new McpServer(
    { name: "conformance", version: "1.0.0" },
    { capabilities: { tools: {}, prompts: {}, resources: {}, logging: {}, completions: {} } },
  );
  addTools(server);
  addQuestions(server);
  addPrompts(server);
  addResources(server);
  return server;
}

function addTools(server: McpServer): void {
  const tool = (name: string, ...content: ContentBlock[]): unknown =>
    server.registerTool(name, { description: name, inputSchema: NOTHING }, () => ({ content }));
  const text = (said: string): ContentBlock => ({ type: "text", text: said });
  const resource = (uri: string, mimeType: string, said: string): ContentBlock => ({
    type: "resource",
    resource: { uri, mimeType, text: said },
  });
  tool("test_simple_text", text("This is a simple text response for testing."));
  tool("test_image_content", image);
  tool("test_audio_content", { type: "audio", data: SOUND, mimeType: "audio/wav" });
  tool(
    "test_embedded_resource",
    resource("test://embedded-resource", "text/plain", "This is an embedded resource content."),
  );
  tool(
    "test_multiple_content_types",
    text("Multiple content types test:"),
    image,
    resource("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
  );
  server.registerTool("test_error_handling", { inputSchema: NOTHING }, () => ({
    content: [text("This tool intentionally returns an error for testing")],
    isError: true,
  }));
  server.registerTool("test_tool_with_progress", { inputSchema: NOTHING }, async (_, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
      const params = { progressToken: progressToken ?? 0, progress, total: 100 };
      await ctx.mcpReq.notify({ method: "notifications/progress", params });
    }
    return { content: [text("done")] };
  });
}

function addQuestions(server: McpServer): void {
  const ask = inputRequired.elicit({
    message: "What is your name?",
    requestedSchema: {
      type: "object",
      properties: { name: { type: "string" } },
      required: ["name"],
    },
  });
  const asking = (
    name: string,
    key: string,
    question: typeof ask,
    requestState?: string,
  ): unknown =>
    server.registerTool(name, { inputSchema: NOTHING }, (_, ctx) => {
      const answer = ctx.mcpReq.inputResponses?.[key];
      if (answer === undefined) {
        const state = requestState === undefined ? {} : { requestState };
        return inputRequired({ inputRequests: { [key]: question }, ...state });
      }
      const state = requestState === undefined ? "" : " state-ok";
      return said(`${JSON.stringify(answer)}${state}`);
    });
  asking("test_input_required_result_elicitation", "user_name", ask);
  asking("test_input_required_result_request_state", "confirm", ask, "opaque");
  asking("test_input_required_result_list_roots", "client_roots", inputRequired.listRoots());
  asking(
    "test_input_required_result_sampling",
    "capital_question",
    inputRequired.createMessage({
      messages: [{ role: "user", content: { type: "text", text: "Capital of France?" } }],
      maxTokens: 100,
    }),
  );
}

function addPrompts(server: McpServer): void {
  const prompt = (name: string, ...content: ContentBlock[]): unknown =>
    server.registerPrompt(name, { description: name }, () => ({
      messages: content.map((block) => ({ role: "user" as const, content: block })),
    }));
  prompt("test_simple_prompt", { type: "text", text: "This is a simple prompt for testing." });
  prompt("test_prompt_with_image", image, {
    type: "text",
    text: "Please analyze the image above.",
  });
  const args = fromJsonSchema<{ arg1: string; arg2: string }>({
    type: "object",
    properties: { arg1: { type: "string" }, arg2: { type: "string" } },
    required: ["arg1", "arg2"],
  });
  server.registerPrompt("test_prompt_with_arguments", { argsSchema: args }, ({ arg1, arg2 }) => ({
    messages: [
      {
        role: "user",
        content: { type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` },
      },
    ],
  }));
}

function addResources(server: McpServer): void {
  server.registerResource("text", "test://static-text", { mimeType: "text/plain" }, (uri) => ({
    contents: [
      {
        uri: uri.href,
        mimeType: "text/plain",
        text: "This is the content of the static text resource.",
      },
    ],
  }));
  server.registerResource("binary", "test://static-binary", { mimeType: "image/png" }, (uri) => ({
    contents: [{ uri: uri.href, mimeType: "image/png", blob: PIXEL }],
  }));
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource("template", template, {}, (uri, { id }) => ({
    contents: [
      {
        uri: uri.href,
        mimeType: "application/json",
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
      },
    ],
  }));
}

function said(text: string): CallToolResult {
  return { content: [{ type: "text", text }] };
}
