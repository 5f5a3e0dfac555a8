/**
 * Prints what inspection costs, by detector and kind of text, in µs per KB and as a ratio to a bare
 * `charCodeAt` loop over the same text in the same run:
 *
 *     node test/bench/inspect-speed.ts
 */
import { performance } from "node:perf_hooks";
import type { Inspection } from "../../src/core/inspect/inspection.ts";
import type { JsonValue } from "../../src/core/json.ts";
import { foresee } from "../../src/core/inspect/foresee.ts";
import { nextTurn } from "../../src/lib/next-turn.ts";
import { createPartScanner } from "../../src/core/inspect/part-scanner.ts";
import { scanJson } from "../../src/core/inspect/scan-json.ts";
import { createStreamGate } from "../../src/core/inspect/stream-gate.ts";
import { CODE, PROSE, README, searchResult } from "./ordinary-text.ts";

const ROUNDS = 60;
/** Time of one round, at least. */
const ROUND_MS = 2;
const NONE: readonly string[] = [];
/** More than the scanner remembers of clean texts. */
const MEMORY_UNITS = 1_200_000;
const DETECTORS = ["injection", "secret", "pii", "exploit", "destination"];

const HOSTILE: Readonly<Record<string, string>> = {
  "hostile: ignore all": "ignore all ",
  "hostile: chain of fillers": "reveal all your my the ",
  "hostile: keys": "key='a1b2c3d4",
  "hostile: digits": "4111 ",
  "hostile: links": "](http://",
  "hostile: addresses": "a@",
  "hostile: script": "<script",
  "hostile: templates": "{{",
  "hostile: spelled": "r.j. ",
  "hostile: options": "rm --arm ",
  "hostile: numbered": "00d0:",
};

function filled(text: string, length: number): string {
  // As text that came off a wire is stored: flat, one byte a unit.
  return Buffer.from(text.repeat(Math.ceil(length / text.length)).slice(0, length)).toString();
}

function chatBody(text: string): JsonValue {
  const message = { role: "user", content: text.slice(0, 560) };
  const system = { role: "system", content: "Answer briefly and name your sources." };
  const body = { model: "gpt-4o-mini", temperature: 0.2, stream: false, max_tokens: 256 };
  const parameters = { type: "object", properties: { city: { type: "string" } } };
  const tool = { type: "function", function: { name: "weather.read", parameters } };
  return JSON.parse(JSON.stringify({ ...body, messages: [system, message], tools: [tool] }));
}

function inspection(find: readonly string[]): Inspection {
  return { surface: "response", rules: [{ id: "bench", find, scoreMin: 80, action: "block" }] };
}

/** µs a call: the best of several rounds, so that neighbours on the machine count least. */
function micros(work: () => unknown): number {
  let calls = 1;
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = performance.now();
    for (let i = 0; i < calls; i += 1) kept[0] = work();
    const spent = performance.now() - before;
    best = Math.min(best, (spent * 1000) / calls);
    if (spent < ROUND_MS) calls = Math.ceil((calls * ROUND_MS * 1.2) / Math.max(spent, 0.01));
  }
  return best;
}

/** Walks over texts, none of which the scanner can still remember when its turn comes again. */
function unseen<T>(make: (text: string) => T, sample: string, length: number): () => T {
  const count = Math.ceil(MEMORY_UNITS / length) + 1;
  const values = Array.from({ length: count }, (_, i) => make(filled(`${i}. ${sample}`, length)));
  let turn = 0;
  return () => {
    turn = turn + 1 === count ? 0 : turn + 1;
    return values[turn] ?? make("");
  };
}

/** Keeps results alive, so that no work is optimised away. */
const kept: unknown[] = [undefined];

function bareLoop(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i += 1) hash = (hash * 31 + text.charCodeAt(i)) | 0;
  return hash;
}

function scanText(look: Inspection, text: string): unknown {
  const scanner = createPartScanner(look, "bench", NONE);
  scanner.push(text);
  scanner.end();
  return scanner.blocked;
}

function print(name: string, cost: number, unit: string, ratio?: number): void {
  const compared = ratio === undefined ? "" : `${ratio.toFixed(1).padStart(7)} ×`;
  console.log(`${name.padEnd(46)} ${cost.toFixed(2).padStart(8)} ${unit.padEnd(6)} ${compared}`);
}

const everything = inspection([...DETECTORS]);
const texts = { prose: PROSE, readme: README, code: CODE };

for (const [kind, sample] of Object.entries(texts)) {
  const text = filled(sample, 1024);
  const bare = micros(() => bareLoop(text));
  print(`${kind}: bare loop`, bare, "µs/KB", 1);
  for (const find of [...DETECTORS.map((one) => [one]), DETECTORS]) {
    const look = inspection(find);
    const cost = micros(() => scanText(look, text));
    print(`${kind}: ${find.length > 1 ? "all" : find.join()}`, cost, "µs/KB", cost / bare);
  }
  const body = unseen((content) => ({ messages: [{ role: "user", content }] }), sample, 1024);
  const whole = micros(() => scanJson(everything, body(), NONE));
  print(`${kind}: all, as one JSON leaf`, whole, "µs/KB", whole / bare);
}

/** What a web-search tool brings: every link is a host and a path that were never seen. */
const LINKS = 200;
const pages = Array.from({ length: 40 }, (_, i) => ({ content: searchResult(LINKS, i) }));
let page = 0;
const found = micros(() => scanJson(everything, pages[(page += 1) % pages.length] ?? {}, NONE));
print(`a search result of ${LINKS} links: all`, found / LINKS, "µs/link");

const chat = unseen(chatBody, PROSE, 1024);
const kilobytes = JSON.stringify(chat()).length / 1024;
print("chat body: all", micros(() => scanJson(everything, chat(), NONE)) / kilobytes, "µs/KB");
const again = chat();
print("the same again", micros(() => scanJson(everything, again, NONE)) / kilobytes, "µs/KB");

/** What is asked of inspection: 0.1 ms, 0.6 ms and 6 ms, beside one `JSON.parse` of the same. */
for (const kilobytesOfText of [1, 10, 100]) {
  const message = (content: string): JsonValue => ({ messages: [{ role: "tool", content }] });
  const value = unseen(message, PROSE + README + CODE, kilobytesOfText * 1024);
  const source = JSON.stringify(value());
  const parse = micros(() => JSON.parse(source));
  const cost = micros(() => scanJson(everything, value(), NONE));
  print(`${kilobytesOfText} KB: all, to one JSON.parse`, cost, "µs", cost / parse);
}

print(
  "a part scanner made",
  micros(() => createPartScanner(everything, "p", NONE)),
  "µs",
);
const gate = createStreamGate(everything, NONE, {
  bytesMax: 1 << 20,
  framesMax: 4096,
  overflow: "block",
});
const bytes = new Uint8Array(335);
const spans = [{ part: "text", text: " harbour was quiet", whole: false, last: false }];
const frame = { bytes, spans, rewrite: () => bytes };
print(
  "an event of a stream with 18 units of text",
  micros(() => gate.push(frame)),
  "µs",
);

/** CPU time of this thread: what else the machine does is not what others wait for. */
function cpuMillis(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** What others wait for while a body is looked at: the longest stretch between two turns. */
async function longestSlice(name: string, value: JsonValue): Promise<void> {
  let widest = 0;
  let slices = 0;
  let begun = cpuMillis();
  await foresee(everything, value, async () => {
    widest = Math.max(widest, cpuMillis() - begun);
    slices += 1;
    await nextTurn();
    begun = cpuMillis();
  });
  // The look that counts picks up what was foreseen.
  begun = cpuMillis();
  scanJson(everything, value, NONE);
  widest = Math.max(widest, cpuMillis() - begun);
  print(`${name}: longest of ${slices} slices`, widest, "ms");
}

for (const [name, unit] of [["prose", PROSE], ...Object.entries(HOSTILE)] as const) {
  await longestSlice(`1 MB of ${name}`, { text: filled(unit, 1 << 20) });
}
const turns = Array.from({ length: 2048 }, (_, i) => ({
  role: i % 2 === 0 ? "user" : "assistant",
  content: filled(`${i}. ${PROSE}${README}${CODE}`, 4096),
}));
await longestSlice("8 MB of chat", { model: "gpt-4o-mini", messages: turns });

for (const [name, unit] of Object.entries(HOSTILE)) {
  const text = filled(unit, 16_384);
  print(name, micros(() => scanText(everything, text)) / 16, "µs/KB");
}
