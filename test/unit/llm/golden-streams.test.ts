/**
 * One whole stream of each provider, written after its documents (`golden/`), with what was billed.
 * However the bytes are cut on their way, the usage is the same.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { NO_INSPECTION } from "../../../src/core/inspect/inspection.ts";
import { UNCOUNTED, type Usage } from "../../../src/core/money/usage.ts";
import { anthropicWire } from "../../../src/proxy/llm/anthropic/anthropic-wire.ts";
import { loadBedrockWire } from "../../../src/proxy/llm/bedrock/bedrock-wire.ts";
import { geminiWire } from "../../../src/proxy/llm/gemini/gemini-wire.ts";
import { openaiWire } from "../../../src/proxy/llm/openai/openai-wire.ts";
import type { WireFamily } from "../../../src/proxy/wire.ts";
import { awsEvent, invokeChunk } from "../../support/aws-events.ts";
import { inspectionsOf, understood, upstreamOf } from "./support.ts";

interface Golden {
  readonly file: string;
  readonly url: string;
  readonly usage: Partial<Usage> | undefined;
  readonly model?: string | undefined;
  /** What is left to be counted here. */
  readonly text?: string;
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

const CHAT = "/v1/chat/completions";
const BEDROCK = "/model/anthropic.claude-haiku-4-5-20251001-v1:0";

const GOLDEN: readonly Golden[] = [
  {
    file: "openai-chat.sse",
    url: CHAT,
    model: "gpt-5-2025-08-07",
    usage: {
      input: 86,
      cacheRead: 1920,
      audioInput: 0,
      output: 108,
      reasoning: 192,
      audioOutput: 0,
      tier: "standard",
    },
  },
  {
    file: "openai-completions.sse",
    url: "/v1/completions",
    model: "gpt-3.5-turbo-instruct",
    usage: { input: 5, output: 2 },
  },
  {
    file: "openai-responses.sse",
    url: "/v1/responses",
    model: "gpt-5.5-2026-04-23",
    usage: {
      input: 4000,
      cacheRead: 4000,
      cacheWrite: 700,
      cacheWriteHour: 300,
      output: 56,
      reasoning: 64,
      webSearches: 2,
      fileSearches: 0,
      toolCalls: 1,
      tier: "priority",
    },
  },
  {
    file: "azure-chat.sse",
    url: "/openai/deployments/prod/chat/completions?api-version=2024-10-21",
    model: "gpt-4o-2024-11-20",
    usage: { input: 18, cacheRead: 0, audioInput: 0, output: 9, reasoning: 0, audioOutput: 0 },
  },
  {
    file: "compatible-every-chunk.sse",
    url: CHAT,
    model: "llama-3.3-70b",
    usage: { input: 11, output: 3 },
  },
  {
    file: "compatible-silent.sse",
    url: CHAT,
    model: "local-7b",
    usage: undefined,
    text: "Hällo du",
  },
  {
    file: "anthropic-messages.sse",
    url: "/v1/messages",
    model: "claude-sonnet-4-5-20250929",
    usage: {
      input: 13_682,
      cacheRead: 1926,
      cacheWrite: 100,
      cacheWriteHour: 400,
      output: 560,
      reasoning: 200,
      webSearches: 1,
      tier: "standard",
    },
  },
  {
    file: "gemini-generate.sse",
    url: "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
    model: "gemini-2.5-flash",
    headers: { "x-gemini-service-tier": "flex" },
    usage: {
      input: 400,
      cacheRead: 500,
      audioCacheRead: 100,
      audioInput: 200,
      imageInput: 300,
      toolInput: 30,
      output: 25,
      reasoning: 80,
      webSearches: 2,
      tier: "flex",
    },
  },
  {
    file: "bedrock-converse.jsonl",
    url: `${BEDROCK}/converse-stream`,
    usage: {
      input: 47,
      cacheRead: 70,
      cacheWrite: 20,
      cacheWriteHour: 10,
      output: 20,
      tier: "priority",
    },
  },
  {
    file: "bedrock-invoke-claude.jsonl",
    url: `${BEDROCK}/invoke-with-response-stream`,
    usage: { input: 12, cacheRead: 8, cacheWrite: 9, cacheWriteHour: 0, output: 6 },
  },
  {
    file: "bedrock-invoke-nova.jsonl",
    url: "/model/amazon.nova-pro-v1:0/invoke-with-response-stream",
    usage: { input: 4, output: 2 },
  },
  {
    file: "bedrock-invoke-llama.jsonl",
    url: "/model/meta.llama3-8b-instruct-v1:0/invoke-with-response-stream",
    usage: { input: 14, output: 3 },
  },
];

const bedrockWire = await loadBedrockWire();

function wireOf(file: string): WireFamily {
  if (file.startsWith("anthropic")) return anthropicWire;
  if (file.startsWith("gemini")) return geminiWire;
  return file.startsWith("bedrock") ? bedrockWire : openaiWire;
}

/** Binary streams are kept as JSON lines, so that a person can read them. */
function bytesOf(file: string): Buffer {
  const text = readFileSync(new URL(`golden/${file}`, import.meta.url), "utf8");
  if (file.endsWith(".sse")) return Buffer.from(text);
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return Buffer.concat(
    lines.map((line) => (line.chunk ? invokeChunk(line.chunk) : awsEvent(line.type, line.json))),
  );
}

const ASKED = { model: "m", stream: true, max_tokens: 9, stream_options: { include_usage: true } };

function open({ file, url, headers = {} }: Golden) {
  const interpretation = understood({
    wire: wireOf(file),
    upstream: upstreamOf("openai"),
    url,
    body: url.startsWith("/v1beta") ? { contents: [] } : ASKED,
  });
  const type = file.endsWith(".sse") ? "text/event-stream" : "application/vnd.amazon.eventstream";
  return (pieces: readonly Uint8Array[]) => {
    const inspector = interpretation.inspector(inspectionsOf(NO_INSPECTION.response), []);
    const head = inspector.head(200, new Map([["content-type", type], ...Object.entries(headers)]));
    if (head.kind !== "stream") throw new Error(`not streamed: ${head.kind}`);
    const out: Uint8Array[] = [];
    for (const piece of pieces) out.push(...inspector.chunk(piece).chunks);
    out.push(...inspector.end().chunks);
    const { usage, model, uncounted } = inspector.report();
    return { usage, model, text: uncounted?.output, out: Buffer.concat(out).toString("latin1") };
  };
}

describe("a golden stream", () => {
  it.each(GOLDEN)("bills the same however it is cut: $file", (golden) => {
    const bytes = bytesOf(golden.file);
    const run = open(golden);
    const whole = run([bytes]);
    const { usage, model, text } = golden;
    const bill = usage && { ...UNCOUNTED, ...usage, source: "provider" };
    if (bill !== undefined) expect(whole.usage).toEqual(bill);
    expect(whole).toMatchObject({ model, text, out: bytes.toString("latin1") });
    expect(run(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
    for (let at = 1; at < bytes.length; at += 1) {
      const cut = run([bytes.subarray(0, at), bytes.subarray(at)]);
      // Thousands of cuts: the matcher, which is slow, is asked only for the difference.
      if (!isDeepStrictEqual(cut, whole)) expect(cut).toEqual(whole);
    }
  });

  it.each(GOLDEN)("is never believed to be whole when it breaks off: $file", (golden) => {
    const bytes = bytesOf(golden.file);
    const run = open(golden);
    const [first] = golden.file.endsWith(".sse") ? [bytes.indexOf("\n\n") + 2] : [60];
    for (let at = first; at < bytes.length / 2; at += 97) {
      const { usage, text } = run([bytes.subarray(0, at)]);
      expect(usage?.source ?? "floor").toBe("floor");
      expect(text).toBeUndefined();
    }
  });
});
