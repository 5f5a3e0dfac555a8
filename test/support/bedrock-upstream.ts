/** A Bedrock runtime on loopback: it checks every signature itself and answers as its documents say. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { awsEvent, invokeChunk } from "./aws-events.ts";
import { startRecordingUpstream, type RecordingUpstream } from "./recording-upstream.ts";
import { signatureProblem } from "./sigv4.ts";

export const AWS_KEY = {
  accessKeyId: "AKIDEXAMPLE000000001",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: "FwoGZXIvYXdzEBYaDEXAMPLETOKEN/0123456789abcdef==",
  region: "us-east-1",
  service: "bedrock",
};

const USAGE = {
  inputTokens: 20,
  outputTokens: 30,
  totalTokens: 60,
  cacheReadInputTokens: 7,
  cacheWriteInputTokens: 3,
  cacheDetails: [{ ttl: "1h", inputTokens: 1 }],
};

export function startBedrock(): Promise<RecordingUpstream> {
  return startRecordingUpstream((request, response, body) => serve(request, response, body));
}

function serve(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const { method = "", url = "", headers } = request;
  const problem =
    headers["x-amz-security-token"] === AWS_KEY.sessionToken
      ? signatureProblem({ method, url, headers, body }, AWS_KEY)
      : "another session token";
  if (problem !== undefined) return json(response, 403, { message: problem });
  const said = /say: ([^"\\]*)/.exec(body.toString())?.[1] ?? "Hello there.";
  const words = said.match(/\S+\s*/g) ?? [];
  if (url.endsWith("/converse")) {
    const content = [{ text: said }];
    const output = { message: { role: "assistant", content } };
    return json(response, 200, { output, stopReason: "end_turn", usage: USAGE, metrics: {} });
  }
  if (url.endsWith("/converse-stream")) return converseStream(response, words);
  if (url.endsWith("/invoke")) return invoke(response, said);
  return invokeStream(response, words);
}

function json(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response
    .writeHead(status, { "content-type": "application/json", ...headers })
    .end(JSON.stringify(value));
}

function stream(response: ServerResponse, messages: readonly Buffer[]): void {
  response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
  for (const message of messages) response.write(message);
  response.end();
}

function converseStream(response: ServerResponse, words: readonly string[]): void {
  stream(response, [
    awsEvent("messageStart", { role: "assistant", p: "abc" }),
    ...words.map((text) =>
      awsEvent("contentBlockDelta", { contentBlockIndex: 0, delta: { text }, p: "abcdefgh" }),
    ),
    awsEvent("contentBlockStop", { contentBlockIndex: 0 }),
    awsEvent("messageStop", { stopReason: "end_turn" }),
    awsEvent("metadata", { usage: USAGE, metrics: { latencyMs: 7 } }),
  ]);
}

const CLAUDE = { id: "msg_1", type: "message", role: "assistant", model: "claude" };

function invoke(response: ServerResponse, text: string): void {
  const usage = { input_tokens: 20, output_tokens: 30 };
  const content = [{ type: "text", text }];
  const head = {
    "x-amzn-bedrock-input-token-count": "20",
    "x-amzn-bedrock-output-token-count": "30",
  };
  json(response, 200, { ...CLAUDE, content, stop_reason: "end_turn", usage }, head);
}

function invokeStream(response: ServerResponse, words: readonly string[]): void {
  const usage = { input_tokens: 20, output_tokens: 1 };
  const metrics = { inputTokenCount: 20, outputTokenCount: 30, invocationLatency: 9 };
  stream(response, [
    invokeChunk({ type: "message_start", message: { ...CLAUDE, content: [], usage } }),
    invokeChunk({
      type: "content_block_start",
      index: 0,
      content_block: { type: "text", text: "" },
    }),
    ...words.map((text) =>
      invokeChunk({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
    ),
    invokeChunk({ type: "content_block_stop", index: 0 }),
    invokeChunk({
      type: "message_delta",
      delta: { stop_reason: "end_turn" },
      usage: { output_tokens: 30 },
    }),
    invokeChunk({ type: "message_stop", "amazon-bedrock-invocationMetrics": metrics }),
  ]);
}
