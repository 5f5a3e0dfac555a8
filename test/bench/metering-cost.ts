/**
 * Prints what metering adds to the CPU of a streamed exchange, and fails above five per cent:
 *
 *     node test/bench/metering-cost.ts
 *
 * The same stream of 400 events is read with and without its meter (usage, model, tier, running
 * count, price), interleaved; the difference is set against the CPU that the whole program spends
 * on such an exchange, all threads and the kernel's share included.
 */
import { performance } from "node:perf_hooks";
import { NO_INSPECTION } from "../../src/core/inspect/inspection.ts";
import { UNCOUNTED } from "../../src/core/money/usage.ts";
import { id, instant, millis, type ExchangeId, type UpstreamName } from "../../src/core/units.ts";
import { OVER_HTTP, type Upstream } from "../../src/core/upstream.ts";
import type { CallMeter } from "../../src/pipeline/call-meter.ts";
import { sseCodec } from "../../src/proxy/llm/event-codec.ts";
import { LlmInspector } from "../../src/proxy/llm/llm-inspector.ts";
import { readChatEvents } from "../../src/proxy/llm/openai/chat-events.ts";
import { chatRequest } from "../../src/proxy/llm/openai/chat-request.ts";
import type { Operation } from "../../src/proxy/llm/operation.ts";
import { createPriceCatalogue } from "../../src/stores/prices/price-catalogue.ts";
import { NO_OVERLAY } from "../../src/stores/prices/price-overlay.ts";
import { echoesOf } from "../../src/core/secret/echoes.ts";
import { forkListener, pin, SUBJECT_CORE } from "./child.ts";
import { cpuUs } from "./process-stats.ts";
import { startSallyport } from "./subjects.ts";

const EVENTS = 400;
const ROUNDS = 300;
const WARM_UP = 100;
const EXCHANGES = 200;
/** What one read of a socket brings. */
const READ_BYTES = 4096;
const SHARE_MAX = 0.05;

const UPSTREAM: Upstream = {
  name: id<UpstreamName>("bench"),
  wire: "openai",
  transport: OVER_HTTP,
  origin: "http://127.0.0.1",
  host: "127.0.0.1",
  pathPrefix: "",
  priceProvider: "openai",
  credential: undefined,
  allowPrivate: true,
  connectionsMax: 1,
  timeouts: { connect: millis(1), headers: millis(1), idle: millis(1), total: millis(1) },
  requestBytesMax: 1_000_000,
  responseBytesMax: 1_000_000,
  unscannable: "refuse",
};

const METERED: Operation = {
  name: "chat",
  bills: "input_and_output",
  usage: "chat",
  request: chatRequest,
  repeated: new Set(),
  codec: sseCodec,
  readEvents: readChatEvents,
};
const UNMETERED: Operation = { ...METERED, usage: undefined };

const ECHOES = echoesOf("sk-bench-0123456789abcdefghijklmnopqrstuv", "Bearer {}");
const SSE = new Map([["content-type", "text/event-stream"]]);
const ASKED = { body: { model: "gpt-4.1" }, imageTokens: 0 };
const PRICES = createPriceCatalogue(NO_OVERLAY);
const NOW = instant(Date.now());

/** Compares as the real one does while there is money. */
function meter(): CallMeter {
  let input = 0;
  return {
    saw: (pieces, bytes) =>
      pieces + bytes / 6 + input > 1e9 ? { code: "internal", detail: "" } : undefined,
    learnedInput: (tokens) => void (input = tokens),
  };
}

function read(operation: Operation, reads: readonly Uint8Array[]): number {
  const isMetered = operation.usage !== undefined;
  const inspector = new LlmInspector({
    exchange: id<ExchangeId>("exc_bench"),
    upstream: UPSTREAM,
    operation,
    inspection: NO_INSPECTION.response,
    echoes: ECHOES,
    hidesUsage: false,
    asked: ASKED,
    meter: isMetered ? meter() : undefined,
    told: (refusal) => refusal,
  });
  inspector.head(200, SSE);
  for (const bytes of reads) inspector.chunk(bytes);
  inspector.end();
  const { usage, model } = inspector.report();
  if (!isMetered) return 0;
  const price = PRICES.price("openai", model ?? "gpt-4.1", NOW, usage?.tier);
  return (
    price?.cost({ ...UNCOUNTED, ...usage, input: usage?.input ?? 0, output: usage?.output ?? 0 }) ??
    0
  );
}

function stream(): readonly Uint8Array[] {
  const base = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4.1" };
  const delta = { content: " jumps over the lazy dog" };
  const choice = { index: 0, delta, logprobs: null, finish_reason: null };
  const event = (json: object): string => `data: ${JSON.stringify(json)}\n\n`;
  const usage = { prompt_tokens: 120, completion_tokens: 1600, total_tokens: 1720 };
  const bytes = Buffer.from(
    event({ ...base, choices: [choice], usage: null }).repeat(EVENTS) +
      event({ ...base, choices: [{ ...choice, delta: {}, finish_reason: "stop" }], usage: null }) +
      event({ ...base, choices: [], usage }) +
      "data: [DONE]\n\n",
  );
  const reads: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += READ_BYTES) {
    reads.push(bytes.subarray(at, at + READ_BYTES));
  }
  return reads;
}

function medianUs(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return (sorted[Math.floor(sorted.length / 2)] ?? 0) * 1000;
}

/** Interleaved, so that a machine that slows down slows both. */
function readingCost(): { readonly metered: number; readonly unmetered: number } {
  const reads = stream();
  const times = { metered: [] as number[], unmetered: [] as number[] };
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const [name, operation] of [
      ["metered", METERED],
      ["unmetered", UNMETERED],
    ] as const) {
      const started = performance.now();
      const cost = read(operation, reads);
      const took = performance.now() - started;
      if (operation === METERED && cost === 0) throw new Error("nothing was metered");
      if (round >= 0) times[name].push(took);
    }
  }
  return { metered: medianUs(times.metered), unmetered: medianUs(times.unmetered) };
}

/** CPU of the real program for one streamed exchange, in microseconds. */
async function exchangeCost(): Promise<number> {
  const upstream = await forkListener("raw-upstream.ts", []);
  const subject = await startSallyport(upstream.port, { profile: false });
  try {
    for (const pid of subject.pids()) pin(pid, String(SUBJECT_CORE));
    await exchanges(subject.port, subject.path, WARM_UP);
    const before = cpuUs(subject.pids());
    await exchanges(subject.port, subject.path, EXCHANGES);
    return (cpuUs(subject.pids()) - before) / EXCHANGES;
  } finally {
    await subject.stop();
    upstream.child.disconnect();
  }
}

async function exchanges(port: number, path: string, count: number): Promise<void> {
  const body = JSON.stringify({
    model: "bench-model",
    stream: true,
    max_tokens: 2000,
    messages: [{ role: "user", content: "Please summarise the notes." }],
  });
  for (let done = 0; done < count; done += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-bench-stream": `${EVENTS}/0` },
      body,
    });
    const said = await answer.text();
    if (!said.includes("[DONE]")) throw new Error(`no stream: ${said.slice(0, 200)}`);
  }
}

const { metered, unmetered } = readingCost();
const whole = await exchangeCost();
const added = metered - unmetered;
const share = added / whole;
console.log(`a stream of ${EVENTS} events, median of ${ROUNDS} rounds`);
console.log(`read with its meter     ${metered.toFixed(0)} µs`);
console.log(`read without            ${unmetered.toFixed(0)} µs`);
console.log(`metering adds           ${added.toFixed(1)} µs`);
console.log(`CPU of the exchange     ${whole.toFixed(0)} µs`);
console.log(`metering's share        ${(share * 100).toFixed(2)} % (at most ${SHARE_MAX * 100} %)`);
if (share > SHARE_MAX) process.exitCode = 1;
