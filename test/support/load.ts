/** An upstream and clients for a gateway that will be killed: calls of every kind, in parallel. */
import { startRecordingUpstream, type RecordingUpstream } from "./recording-upstream.ts";

/** What every answer of the model bills. */
export const USAGE = { prompt_tokens: 20, completion_tokens: 30, total_tokens: 50 };
const STREAM_CHUNKS = 6;
const CHUNK_EVERY_MS = 1;

/** `/…` answers "ok", chat completions a model's answer, streamed in steps where asked for. */
export function startLoadUpstream(): Promise<RecordingUpstream> {
  return startRecordingUpstream(async (request, response, body) => {
    if (request.url?.endsWith("/chat/completions") !== true) {
      response.end("ok");
      return;
    }
    const { stream, model } = JSON.parse(body.toString()) as { stream?: boolean; model: string };
    const base = { id: "chatcmpl-1", created: 1_790_000_000, model };
    if (stream !== true) {
      const message = { role: "assistant", content: "Hello.", refusal: null };
      const choices = [{ index: 0, message, finish_reason: "stop", logprobs: null }];
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...base, object: "chat.completion", choices, usage: USAGE }));
      return;
    }
    const chunk = (choices: unknown, usage?: unknown): string =>
      `data: ${JSON.stringify({ ...base, object: "chat.completion.chunk", choices, usage })}\n\n`;
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let sent = 0; sent < STREAM_CHUNKS && !response.destroyed; sent += 1) {
      response.write(chunk([{ index: 0, delta: { content: "word " }, finish_reason: null }]));
      await new Promise((resolve) => setTimeout(resolve, CHUNK_EVERY_MS));
    }
    response.write(chunk([{ index: 0, delta: {}, finish_reason: "stop" }]));
    response.end(`${chunk([], USAGE)}data: [DONE]\n\n`);
  });
}

/** One answer as a client saw it. */
export interface Seen {
  readonly kind: CallKind;
  /** Undefined where the answer has none: nothing was recorded. */
  readonly exchange: string | undefined;
  readonly status: number;
  /** The whole body arrived; false: the connection broke after the status line. */
  readonly complete: boolean;
}

export const CALL_KINDS = ["web", "chat", "stream", "poor", "denied"] as const;
export type CallKind = (typeof CALL_KINDS)[number];

const MODELS: Readonly<Record<CallKind, string>> = {
  web: "",
  chat: "gpt-4.1-mini",
  stream: "gpt-4.1-mini",
  poor: "gpt-4.1",
  denied: "gpt-5",
};

/** Undefined: no status line came. `path` makes the call known to the upstream. */
export async function call(url: string, kind: CallKind, path: string): Promise<Seen | undefined> {
  const reply = await (
    kind === "web"
      ? fetch(`${url}/web${path}`)
      : fetch(`${url}/openai/v1/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            model: MODELS[kind],
            stream: kind === "stream",
            max_tokens: 50,
            messages: [{ role: "user", content: path }],
          }),
        })
  ).catch(() => undefined);
  if (reply === undefined) return undefined;
  const complete = await reply.text().then(
    () => true,
    () => false,
  );
  const exchange = reply.headers.get("x-sallyport-exchange") ?? undefined;
  return { kind, exchange, status: reply.status, complete };
}
