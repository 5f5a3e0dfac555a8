/**
 * The other side of every measured hop: HTTP/1.1 by hand on node:net, so that it is never the
 * bottleneck. Answers a chat completion; a body that asks to stream gets `chunks` events.
 */
import { createServer, type Socket } from "node:net";
import { NUMBER, numbered } from "./numbered.ts";

const FILLER = "The quick brown fox jumps over the lazy dog and keeps running through the wood. ";

const ANSWER = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1_790_000_000,
  model: "bench-model",
  choices: [
    {
      index: 0,
      finish_reason: "stop",
      message: { role: "assistant", content: `${NUMBER}. ${FILLER.repeat(11)}` },
    },
  ],
  usage: { prompt_tokens: 120, completion_tokens: 180, total_tokens: 300 },
});

const reply = numbered(
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(ANSWER)}\r\n\r\n${ANSWER}`,
  ),
);

const SSE_HEAD = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n",
);

function sseEvent(data: string): Buffer {
  const event = `data: ${data}\n\n`;
  return Buffer.from(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`);
}

const DELTA = sseEvent(
  JSON.stringify({
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model: "bench-model",
    system_fingerprint: "fp_0123456789",
    service_tier: "default",
    choices: [
      {
        index: 0,
        delta: { content: " jumps over the lazy dog" },
        logprobs: null,
        finish_reason: null,
      },
    ],
    usage: null,
    obfuscation: "abcdefghijklmnop",
  }),
);

/** Chat streams begin with a delta that has a role and no text. */
const FIRST = sseEvent(
  JSON.stringify({
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model: "bench-model",
    choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
  }),
);

const SSE_TAIL = Buffer.concat([
  sseEvent(
    JSON.stringify({
      id: "chatcmpl-bench",
      object: "chat.completion.chunk",
      created: 1_790_000_000,
      model: "bench-model",
      choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
    }),
  ),
  sseEvent(
    JSON.stringify({
      id: "chatcmpl-bench",
      object: "chat.completion.chunk",
      created: 1_790_000_000,
      model: "bench-model",
      choices: [],
      usage: { prompt_tokens: 120, completion_tokens: 180, total_tokens: 300 },
    }),
  ),
  sseEvent("[DONE]"),
  Buffer.from("0\r\n\r\n"),
]);

/** How a stream is played, from the request's own text. */
interface Play {
  readonly chunks: number;
  readonly everyMs: number;
}

function playOf(head: string): Play | undefined {
  const asked = /x-bench-stream: (\d+)\/(\d+)/i.exec(head);
  return asked === null ? undefined : { chunks: Number(asked[1]), everyMs: Number(asked[2]) };
}

function stream(socket: Socket, play: Play): void {
  socket.write(Buffer.concat([SSE_HEAD, FIRST]));
  let left = play.chunks - 1;
  const step = (): void => {
    if (socket.destroyed) return;
    if (left <= 0) {
      socket.write(SSE_TAIL);
      return;
    }
    left -= 1;
    const free = socket.write(DELTA);
    if (play.everyMs > 0) setTimeout(step, play.everyMs);
    else if (free) setImmediate(step);
    else socket.once("drain", step);
  };
  if (play.everyMs > 0) setTimeout(step, play.everyMs);
  else setImmediate(step);
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  let pending: Buffer | undefined;
  let skip = 0;
  socket.on("data", (chunk) => {
    let data = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    pending = undefined;
    for (;;) {
      if (skip > 0) {
        if (data.length < skip) {
          skip -= data.length;
          return;
        }
        data = data.subarray(skip);
        skip = 0;
        socket.write(reply());
      }
      if (data.length === 0) return;
      const end = data.indexOf("\r\n\r\n");
      if (end === -1) {
        pending = data;
        return;
      }
      const head = data.toString("latin1", 0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      data = data.subarray(end + 4);
      const play = playOf(head);
      if (play !== undefined) {
        data = data.subarray(length);
        stream(socket, play);
      } else if (data.length >= length) {
        data = data.subarray(length);
        socket.write(reply());
      } else {
        skip = length - data.length;
        return;
      }
    }
  });
}

const server = createServer(serve);
server.listen(0, "127.0.0.1", 4096, () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ port: address.port });
});
process.on("disconnect", () => process.exit(0));
