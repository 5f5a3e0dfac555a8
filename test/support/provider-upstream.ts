/**
 * A provider on loopback that speaks OpenAI, Anthropic and Gemini as their documents say, streamed
 * and not. The prompt says what the model answers: `say: …` is answered with what follows.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { startRecordingUpstream, type RecordingUpstream } from "./recording-upstream.ts";

interface Asked {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
}

const USAGE = { input: 20, output: 30 };

export function startProvider(): Promise<RecordingUpstream> {
  return startRecordingUpstream((request, response, body) =>
    serve(request, response, body.toString()),
  );
}

function serve(request: IncomingMessage, response: ServerResponse, body: string): void {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  const asked: Asked = body === "" ? {} : JSON.parse(body);
  const said = /say: ([^"\\]*)/.exec(body)?.[1] ?? "Hello there.";
  const words = said.match(/\S+\s*/g) ?? [];
  const model = asked.model ?? /models\/([^:]+):/.exec(path)?.[1] ?? "unknown";
  if (path.endsWith("/chat/completions")) return chat(response, asked, model, words);
  if (path.endsWith("/responses")) return responses(response, asked, model, words);
  if (path.endsWith("/embeddings")) return embeddings(response, model);
  if (path.endsWith("/messages")) return messages(response, asked, model, words);
  if (path.includes(":streamGenerateContent")) return geminiStream(response, words);
  if (path.includes(":generateContent")) return json(response, geminiChunk(words.join(""), "STOP"));
  response.writeHead(404).end("{}");
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function events(
  response: ServerResponse,
  list: readonly (readonly [string | undefined, unknown])[],
): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [name, data] of list) {
    if (name !== undefined) response.write(`event: ${name}\n`);
    response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  }
  response.end();
}

function chat(
  response: ServerResponse,
  asked: Asked,
  model: string,
  words: readonly string[],
): void {
  const usage = {
    prompt_tokens: USAGE.input,
    completion_tokens: USAGE.output,
    total_tokens: USAGE.input + USAGE.output,
  };
  const base = { id: "chatcmpl-1", created: 1_790_000_000, model };
  if (asked.stream !== true) {
    const message = { role: "assistant", content: words.join(""), refusal: null };
    const choices = [{ index: 0, message, finish_reason: "stop", logprobs: null }];
    return json(response, { ...base, object: "chat.completion", choices, usage });
  }
  const chunk = (delta: object, finish_reason: string | null): unknown => ({
    ...base,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason, logprobs: null }],
  });
  const bill = { ...base, object: "chat.completion.chunk", choices: [], usage };
  events(response, [
    [undefined, chunk({ role: "assistant", content: "" }, null)],
    ...words.map((content) => [undefined, chunk({ content }, null)] as const),
    [undefined, chunk({}, "stop")],
    ...(asked.stream_options?.include_usage === true ? ([[undefined, bill]] as const) : []),
    [undefined, "[DONE]"],
  ]);
}

function responses(
  response: ServerResponse,
  asked: Asked,
  model: string,
  words: readonly string[],
): void {
  const text = words.join("");
  const part = { type: "output_text", text, annotations: [], logprobs: [] };
  const item = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    status: "completed",
    content: [part],
  };
  const usage = {
    input_tokens: USAGE.input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: USAGE.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: USAGE.input + USAGE.output,
  };
  const base = {
    id: "resp_1",
    object: "response",
    created_at: 1_790_000_000,
    model,
    tools: [],
    error: null,
  };
  const done = { ...base, status: "completed", output: [item], usage };
  if (asked.stream !== true) return json(response, done);
  let sequence = 0;
  const event = (type: string, more: object): readonly [string, unknown] => {
    sequence += 1;
    return [type, { type, sequence_number: sequence, ...more }];
  };
  const at = { item_id: "msg_1", output_index: 0, content_index: 0 };
  const begun = { ...base, status: "in_progress", output: [], usage: null };
  events(response, [
    event("response.created", { response: begun }),
    event("response.in_progress", { response: begun }),
    event("response.output_item.added", {
      output_index: 0,
      item: { ...item, status: "in_progress", content: [] },
    }),
    event("response.content_part.added", { ...at, part: { ...part, text: "" } }),
    ...words.map((delta) => event("response.output_text.delta", { ...at, delta, logprobs: [] })),
    event("response.output_text.done", { ...at, text, logprobs: [] }),
    event("response.content_part.done", { ...at, part }),
    event("response.output_item.done", { output_index: 0, item }),
    event("response.completed", { response: done }),
  ]);
}

function embeddings(response: ServerResponse, model: string): void {
  const data = [{ object: "embedding", index: 0, embedding: [0.1, 0.2, 0.3] }];
  const usage = { prompt_tokens: USAGE.input, total_tokens: USAGE.input };
  json(response, { object: "list", model, data, usage });
}

function messages(
  response: ServerResponse,
  asked: Asked,
  model: string,
  words: readonly string[],
): void {
  const usage = { input_tokens: USAGE.input, output_tokens: USAGE.output };
  const base = { id: "msg_1", type: "message", role: "assistant", model, stop_sequence: null };
  if (asked.stream !== true) {
    const content = [{ type: "text", text: words.join("") }];
    return json(response, { ...base, content, stop_reason: "end_turn", usage });
  }
  const event = (type: string, more: object): readonly [string, unknown] => [
    type,
    { type, ...more },
  ];
  events(response, [
    event("message_start", {
      message: { ...base, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
    }),
    event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    event("ping", {}),
    ...words.map((text) =>
      event("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
    ),
    event("content_block_stop", { index: 0 }),
    event("message_delta", {
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: USAGE.output },
    }),
    event("message_stop", {}),
  ]);
}

function geminiChunk(text: string, finishReason: string | undefined): unknown {
  return {
    candidates: [{ index: 0, content: { role: "model", parts: [{ text }] }, finishReason }],
    usageMetadata: {
      promptTokenCount: USAGE.input,
      candidatesTokenCount: USAGE.output,
      totalTokenCount: USAGE.input + USAGE.output,
    },
    modelVersion: "gemini-2.5-flash",
    responseId: "r1",
  };
}

function geminiStream(response: ServerResponse, words: readonly string[]): void {
  events(
    response,
    words.map((word, n) => [
      undefined,
      geminiChunk(word, n === words.length - 1 ? "STOP" : undefined),
    ]),
  );
}
