import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { estimateTokens, tokenCount, TOKENS_MAX } from "../../../src/core/money/token-count.ts";
import { createUsageReader, type UsageApi } from "../../../src/core/money/usage-reader.ts";
import { inputTokensOf, outputTokensOf, type Usage } from "../../../src/core/money/usage.ts";
import { NONE, USAGE_STREAMS } from "./usage-streams.ts";

function read(api: UsageApi, events: readonly JsonObject[]) {
  const reader = createUsageReader(api);
  for (const event of events) reader.read(event);
  return { usage: reader.usage(), model: reader.model() };
}

const classes = (usage: Usage | undefined) =>
  Object.entries(usage ?? {}).filter((entry) => typeof entry[1] === "number");

const APIS = [
  "chat",
  "completions",
  "embeddings",
  "responses",
  "messages",
  "generate",
  "converse",
  "invoke",
] as const;
const HOSTILE = [-1, 0.5, Number.NaN, Infinity, 1e300, 2 ** 53, "12", null, true, [], {}];

describe("the price list that an answer names", () => {
  it.each([
    ["ON_DEMAND", "standard"],
    ["ON_DEMAND_PRIORITY", "priority"],
    ["ON_DEMAND_FLEX", "flex"],
    ["PROVISIONED_THROUGHPUT", "standard"],
    ["SOMETHING_NEW", "other"],
    [undefined, undefined],
  ])("is on Vertex, for traffic of type %s, %s", (trafficType, tier) => {
    const counts = { promptTokenCount: 3, ...(trafficType && { trafficType }) };
    expect(read("generate", [{ usageMetadata: counts }]).usage?.tier).toBe(tier);
  });

  it.each([
    ["us", 10],
    ["global", 0],
    ["not_available", 0],
    [null, undefined],
  ])("is at Anthropic, computed in %j, dearer by %s percent", (inference_geo, surcharge) => {
    const usage = { input_tokens: 3, output_tokens: 1, inference_geo };
    expect(read("messages", [{ type: "message", usage }]).usage?.surcharge).toBe(surcharge);
  });
});

describe("usage of a provider's answer", () => {
  it.each(USAGE_STREAMS)("$title", ({ api, events, model, usage }) => {
    expect(read(api, events)).toEqual({ usage, model });
  });

  it.each(USAGE_STREAMS)("is the same with every event told twice: $title", (stream) => {
    const doubled = stream.events.flatMap((event) => [event, event]);
    expect(read(stream.api, doubled).usage).toEqual(stream.usage);
  });

  it.each(USAGE_STREAMS)("is the same with noise at every place: $title", (stream) => {
    const noise: readonly JsonObject[] = [
      {},
      { usage: null, usageMetadata: null, response: null, message: null, choices: null },
      { type: "message_start" },
      { type: "error", error: { message: "overloaded" } },
    ];
    for (let at = 0; at <= stream.events.length; at += 1) {
      const events = stream.events.toSpliced(at, 0, ...noise);
      expect(read(stream.api, events)).toEqual({ usage: stream.usage, model: stream.model });
    }
  });

  it.each(USAGE_STREAMS)("never shrinks as a stream goes on: $title", ({ api, events }) => {
    let before = 0;
    for (let cut = 0; cut <= events.length; cut += 1) {
      const { usage } = read(api, events.slice(0, cut));
      const sum = usage === undefined ? 0 : inputTokensOf(usage) + outputTokensOf(usage);
      expect(sum).toBeGreaterThanOrEqual(before);
      before = sum;
    }
  });

  it("does not believe counts that go backwards", () => {
    const usage = (prompt_tokens: number, completion_tokens: number) => ({
      usage: { prompt_tokens, completion_tokens },
    });
    expect(read("chat", [usage(100, 50), usage(100, 2)]).usage).toMatchObject({ output: 50 });
    expect(read("chat", [usage(100, 50), usage(0, 50)]).usage).toMatchObject({ input: 100 });
    const delta = (output_tokens: number) => ({ type: "message_delta", usage: { output_tokens } });
    expect(read("messages", [delta(9), delta(3)]).usage).toMatchObject({ output: 9 });
    const metadata = (candidatesTokenCount: number) => ({
      candidates: [{ finishReason: "STOP" }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount },
    });
    expect(read("generate", [metadata(9), metadata(3)]).usage).toMatchObject({ output: 9 });
  });

  it.each([
    [{ service_tier: "standard" }, "standard"],
    [{ service_tier: "batch" }, "batch"],
    [{ service_tier: "standard", speed: "fast" }, "fast"],
    // Bought ahead, so no dearer than the standard tier.
    [{ service_tier: "priority" }, "standard"],
    [{}, undefined],
  ])("reads Anthropic's price list from %j", (more, tier) => {
    const usage = { input_tokens: 1, output_tokens: 1, ...more };
    expect(read("messages", [{ type: "message", usage }]).usage?.tier).toBe(tier);
  });

  it("bills details larger than their total as the plain class", () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 11 },
      completion_tokens_details: { reasoning_tokens: 6 },
    };
    expect(read("chat", [{ usage }]).usage).toEqual({ ...NONE, input: 10, output: 5 });
  });

  it.each(HOSTILE)("ignores a count of %j on every wire", (bad) => {
    const events: readonly JsonObject[] = [
      {
        usage: {
          prompt_tokens: bad,
          completion_tokens: bad,
          total_tokens: bad,
          input_tokens: bad,
          output_tokens: bad,
          cache_read_input_tokens: bad,
          cache_creation: { ephemeral_1h_input_tokens: bad },
          prompt_tokens_details: bad,
        },
        usageMetadata: { promptTokenCount: bad, candidatesTokenCount: bad },
        model: "x".repeat(10_000),
        modelVersion: 7,
      },
    ];
    for (const api of APIS) {
      expect(read(api, events)).toEqual({ usage: undefined, model: undefined });
    }
  });

  it("makes disjoint classes that add up to what was billed, whatever the details say", () => {
    const count = fc.oneof(fc.nat(1000), fc.constantFrom(...HOSTILE, undefined));
    const details = fc.record({
      cached_tokens: count,
      audio_tokens: count,
      cache_write_tokens: count,
      reasoning_tokens: count,
    });
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(2000), details, details, (prompt, completion, a, b) => {
        const usage = {
          prompt_tokens: prompt,
          completion_tokens: completion,
          prompt_tokens_details: a,
          completion_tokens_details: b,
        };
        const event = structuredClone({ usage }) as unknown as JsonObject;
        const read_ = read("chat", [event]).usage ?? NONE;
        expect(inputTokensOf(read_)).toBe(prompt);
        expect(outputTokensOf(read_)).toBe(completion);
        for (const [, value] of classes(read_)) expect(tokenCount(value)).toBe(value);
      }),
    );
  });

  it("never throws and never makes up a number, whatever comes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...APIS), fc.array(fc.jsonValue()), (api, values) => {
        const events = values.filter((value) => typeof value === "object" && value !== null);
        const { usage } = read(api, events as JsonObject[]);
        for (const [, value] of classes(usage)) expect(tokenCount(value)).toBe(value);
      }),
    );
  });
});

describe("estimateTokens", () => {
  it("is never below what a byte-level tokenizer could make, and never absurd", () => {
    expect(estimateTokens(0)).toBe(0);
    expect(estimateTokens(1)).toBe(1);
    expect(estimateTokens(1234.2)).toBe(1235);
    expect(estimateTokens(-5)).toBe(0);
    expect(estimateTokens(Infinity)).toBe(TOKENS_MAX);
  });
});
