/**
 * Load in a process of its own: raw sockets, prebuilt requests, answers found by their framing.
 * Closed loop (`rate` undefined) or open loop at a fixed rate, where latency counts from the time
 * the request was due, so that a slow subject cannot hide its queue (coordinated omission).
 */
import { connect, type Socket } from "node:net";
import { NUMBER, numbered } from "./numbered.ts";

export interface LoadJob {
  readonly port: number;
  readonly path: string;
  readonly bodyBytes: number;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second over all connections; undefined: as fast as answers come. */
  readonly rate: number | undefined;
  /** Events a stream, and milliseconds between them; undefined: plain answers. */
  readonly stream: { readonly chunks: number; readonly everyMs: number } | undefined;
  /** With streams: leave them open and report once all have had their first event. */
  readonly hold: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Streams: from the request to the first byte of the first event. */
  readonly firstByteP50Us: number;
  readonly chunks: number;
}

const PROMPT = "Please summarise the following notes about the harbour and its ships. ";

/** What a turn adds to the conversation that is sent again with it. */
const TURN = `${NUMBER}. ${PROMPT.repeat(3)}`;

function requestBytes(job: LoadJob): Buffer {
  const turn = { role: "user", content: TURN };
  const shell = { model: "bench-model", stream: job.stream !== undefined, max_tokens: 200 };
  const said = (content: string): string =>
    JSON.stringify({ ...shell, messages: [{ role: "user", content }, turn] });
  const room = Math.max(0, job.bodyBytes - said("").length);
  const body = said(PROMPT.repeat(Math.ceil(room / PROMPT.length)).slice(0, room));
  const play =
    job.stream === undefined
      ? ""
      : `x-bench-stream: ${job.stream.chunks}/${job.stream.everyMs}\r\n`;
  return Buffer.from(
    `POST ${job.path} HTTP/1.1\r\nhost: 127.0.0.1:${job.port}\r\ncontent-type: application/json\r\n` +
      `authorization: Bearer sk-client-key\r\nuser-agent: bench\r\naccept: */*\r\n${play}` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const STREAM_END = Buffer.from("0\r\n\r\n");
const EVENT = Buffer.from("data: ");

class Connection {
  readonly #socket: Socket;
  readonly #onAnswer: (ok: boolean, startedAt: number, firstAt: number, chunks: number) => void;
  #startedAt = 0;
  #firstAt = 0;
  #chunks = 0;
  #busy = false;
  #head: Buffer | undefined;
  #left = -1;
  #chunked = false;
  #ok = true;
  #tail = "";

  constructor(
    port: number,
    onAnswer: (ok: boolean, startedAt: number, firstAt: number, chunks: number) => void,
  ) {
    this.#onAnswer = onAnswer;
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (data) => this.#read(data));
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("close", () => {
      if (this.#busy) this.#done(false);
    });
  }

  get busy(): boolean {
    return this.#busy;
  }

  get started(): boolean {
    return this.#firstAt > 0;
  }

  send(bytes: Buffer, dueAt: number): void {
    this.#busy = true;
    this.#startedAt = dueAt;
    this.#firstAt = 0;
    this.#chunks = 0;
    this.#head = undefined;
    this.#left = -1;
    this.#chunked = false;
    this.#tail = "";
    this.#socket.write(bytes);
  }

  close(): void {
    this.#busy = false;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let data = chunk;
    if (this.#left === -1 && !this.#chunked) {
      const whole = this.#head === undefined ? data : Buffer.concat([this.#head, data]);
      const end = whole.indexOf("\r\n\r\n");
      if (end === -1) {
        this.#head = whole;
        return;
      }
      const head = whole.toString("latin1", 0, end);
      this.#ok = head.startsWith("HTTP/1.1 200");
      const length = /content-length: (\d+)/i.exec(head);
      this.#chunked = length === null;
      this.#left = Number(length?.[1] ?? 0);
      data = whole.subarray(end + 4);
    }
    if (this.#chunked) this.#readStream(data);
    else {
      this.#left -= data.length;
      if (this.#left <= 0) this.#done(this.#ok);
    }
  }

  #readStream(data: Buffer): void {
    if (data.length === 0) return;
    if (this.#firstAt === 0 && data.includes(EVENT)) this.#firstAt = performance.now();
    for (let at = data.indexOf(EVENT); at !== -1; at = data.indexOf(EVENT, at + 6))
      this.#chunks += 1;
    this.#tail = (this.#tail + data.toString("latin1", Math.max(0, data.length - 5))).slice(-5);
    if (this.#tail === STREAM_END.toString("latin1")) this.#done(this.#ok);
  }

  #done(ok: boolean): void {
    this.#busy = false;
    this.#onAnswer(ok, this.#startedAt, this.#firstAt, this.#chunks);
  }
}

function percentile(sorted: Float64Array, share: number): number {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 1000;
}

async function run(job: LoadJob): Promise<LoadResult> {
  const request = numbered(requestBytes(job));
  const latencies: number[] = [];
  const firsts: number[] = [];
  let failures = 0;
  let chunks = 0;
  let running = true;
  const idle: Connection[] = [];
  const due: number[] = [];
  const make = (): Connection => {
    const connection: Connection = new Connection(job.port, (ok, startedAt, firstAt, count) => {
      const now = performance.now();
      if (ok) latencies.push(now - startedAt);
      else failures += 1;
      if (firstAt > 0) firsts.push(firstAt - startedAt);
      chunks += count;
      if (!ok) return running && job.rate === undefined ? next(make()) : undefined;
      next(connection);
    });
    return connection;
  };
  const next = (connection: Connection): void => {
    if (!running) return;
    if (job.rate === undefined) connection.send(request(), performance.now());
    else {
      const dueAt = due.shift();
      if (dueAt === undefined) idle.push(connection);
      else connection.send(request(), dueAt);
    }
  };
  const connections = Array.from({ length: job.connections }, make);
  const startedAt = performance.now();
  for (const connection of connections) next(connection);
  const pacer = job.rate === undefined ? undefined : pace(job.rate, idle, due, request);
  if (job.hold)
    await until(() => connections.every((connection) => connection.started), job.seconds);
  else await new Promise((resolve) => setTimeout(resolve, job.seconds * 1000));
  running = false;
  clearInterval(pacer);
  const seconds = (performance.now() - startedAt) / 1000;
  const sorted = Float64Array.from(latencies).toSorted();
  const firstSorted = Float64Array.from(firsts).toSorted();
  const result = {
    requests: latencies.length,
    failures,
    seconds,
    p50Us: percentile(sorted, 0.5),
    p99Us: percentile(sorted, 0.99),
    firstByteP50Us: percentile(firstSorted, 0.5),
    chunks,
  };
  if (!job.hold) for (const connection of connections) connection.close();
  else held.push(...connections);
  return result;
}

const held: Connection[] = [];

function pace(
  rate: number,
  idle: Connection[],
  due: number[],
  request: () => Buffer,
): NodeJS.Timeout {
  const startedAt = performance.now();
  let sent = 0;
  return setInterval(() => {
    const target = Math.floor(((performance.now() - startedAt) / 1000) * rate);
    for (; sent < target; sent += 1) {
      const dueAt = startedAt + (sent * 1000) / rate;
      const connection = idle.pop();
      if (connection === undefined) due.push(dueAt);
      else connection.send(request(), dueAt);
    }
  }, 1);
}

async function until(done: () => boolean, seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!done() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

process.on("message", (message: { job: LoadJob } | { release: true }) => {
  if ("release" in message) {
    for (const connection of held.splice(0)) connection.close();
    process.send?.({ released: true });
    return;
  }
  void run(message.job).then((result) => process.send?.({ result }));
});
process.on("disconnect", () => process.exit(0));
