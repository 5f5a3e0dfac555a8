/**
 * An OpenAI-shaped model on loopback: chat completions, responses and models, streamed and not.
 * It stands in for a provider when there is no key, and it sends honest bills.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { createServer } from "../../lib/node-http.ts";
import { answerOf, type DemoAnswer } from "./demo-answer.ts";
import { DEMO_MODEL } from "./demo-price.ts";
import { responseEvents, responseObject } from "./demo-responses.ts";
import { listenOnLoopback, type DemoServer } from "./listen-on-loopback.ts";

const BODY_BYTES_MAX = 1_048_576;
const OUTPUT_TOKENS_MAX = 1024;
const CREATED = 1_767_225_600;

export async function startDemoModelServer(port = 0): Promise<DemoServer> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  return listenOnLoopback(server, port);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  if (request.method === "GET" && path === "/v1/models") {
    const data = [{ id: DEMO_MODEL, object: "model", created: CREATED, owned_by: "sallyport" }];
    return sendJson(response, 200, { object: "list", data });
  }
  const body = request.method === "POST" ? await readJson(request) : undefined;
  if (body === undefined) return sendNotFound(response);
  if (path === "/v1/chat/completions") return chat(body, response);
  if (path === "/v1/responses") return responses(body, response);
  return sendNotFound(response);
}

function chat(body: JsonObject, response: ServerResponse): void {
  const cap = capOf(body["max_completion_tokens"] ?? body["max_tokens"]);
  const made = answerOf(body["messages"], cap);
  if (body["stream"] === true) return streamChat(body, made, response);
  const message = { role: "assistant", content: made.pieces.join("") };
  const finish = finishOf(made, cap);
  return sendJson(response, 200, {
    ...chatHead("chat.completion"),
    choices: [{ index: 0, message, finish_reason: finish }],
    usage: usageOf(made),
  });
}

function streamChat(body: JsonObject, made: DemoAnswer, response: ServerResponse): void {
  const head = chatHead("chat.completion.chunk");
  const chunk = (delta: JsonObject, finish: string | null): JsonObject => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const events = [
    chunk({ role: "assistant", content: "" }, null),
    ...made.pieces.map((content) => chunk({ content }, null)),
    chunk({}, "stop"),
  ];
  const options = body["stream_options"];
  const wantsUsage = isJsonObject(options) && options["include_usage"] === true;
  if (wantsUsage) events.push({ ...head, choices: [], usage: usageOf(made) });
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`);
  response.end("data: [DONE]\n\n");
}

function responses(body: JsonObject, response: ServerResponse): void {
  const cap = capOf(body["max_output_tokens"]);
  const made = answerOf(body["input"], cap);
  if (body["stream"] !== true) {
    return sendJson(response, 200, responseObject(DEMO_MODEL, made, "completed"));
  }
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  for (const event of responseEvents(DEMO_MODEL, made)) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

function chatHead(object: string): JsonObject {
  return { id: "chatcmpl-demo", object, created: CREATED, model: DEMO_MODEL };
}

function usageOf({ pieces, inputTokens }: DemoAnswer): JsonObject {
  const output = pieces.length;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: output,
    total_tokens: inputTokens + output,
  };
}

function finishOf({ pieces }: DemoAnswer, cap: number): string {
  return pieces.length < cap ? "stop" : "length";
}

function capOf(asked: JsonValue | undefined): number {
  const cap = typeof asked === "number" && Number.isInteger(asked) ? asked : OUTPUT_TOKENS_MAX;
  return Math.min(Math.max(cap, 1), OUTPUT_TOKENS_MAX);
}

/** Undefined for a body that is no JSON object or too large. */
async function readJson(request: IncomingMessage): Promise<JsonObject | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) return undefined;
    size += chunk.length;
    if (size > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return isJsonObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function sendNotFound(response: ServerResponse): void {
  const [message, type] = ["There is no such endpoint.", "invalid_request_error"];
  sendJson(response, 404, { error: { message, type, param: null, code: null } });
}

function sendJson(response: ServerResponse, status: number, body: JsonObject): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
