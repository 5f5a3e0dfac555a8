/**
 * Usage on Amazon Bedrock. Converse counts in one shape for every model, its input without what the
 * cache gave or took. InvokeModel answers in each model's own shape; Bedrock's counts come in the
 * head, or in the last chunk of a stream.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CacheDetail.html
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { serviceTier, type ServiceTier } from "./service-tier.ts";
import { tokenCount } from "./token-count.ts";
import { createAnthropicUsage } from "./usage-anthropic.ts";
import { createOpenAiUsage } from "./usage-openai.ts";
import type { UsageReader } from "./usage-reader.ts";
import { UNCOUNTED, type Usage } from "./usage.ts";

/** Times to live that a cache can have; a longer list is not one of them. */
const DETAILS_MAX = 16;

export function createConverseUsage(): UsageReader {
  let best: Usage | undefined;
  let tier: ServiceTier | undefined;
  return {
    read(event) {
      tier = tierOf(event["serviceTier"]) ?? tier;
      const said = event["usage"];
      if (!isJsonObject(said)) return;
      const next = converseClasses(said);
      if (next !== undefined && !isBehind(next, best)) best = next;
    },
    usage: () => (best === undefined ? undefined : { ...best, tier }),
    model: () => undefined,
  };
}

function converseClasses(usage: JsonObject): Usage | undefined {
  const input = tokenCount(usage["inputTokens"]);
  const output = tokenCount(usage["outputTokens"]);
  if (input === undefined && output === undefined) return undefined;
  const write = tokenCount(usage["cacheWriteInputTokens"]);
  const hour = Math.min(hourWrites(usage["cacheDetails"]) ?? 0, write ?? 0);
  return {
    ...UNCOUNTED,
    input,
    output,
    cacheRead: tokenCount(usage["cacheReadInputTokens"]),
    cacheWrite: write === undefined ? undefined : write - hour,
    cacheWriteHour: hour === 0 ? undefined : hour,
    source: "provider",
  };
}

function hourWrites(details: JsonValue | undefined): number | undefined {
  if (!isJsonArray(details) || details.length > DETAILS_MAX) return undefined;
  for (const one of details) {
    if (isJsonObject(one) && one["ttl"] === "1h") return tokenCount(one["inputTokens"]);
  }
  return undefined;
}

function isBehind(next: Usage, best: Usage | undefined): boolean {
  if (best === undefined) return false;
  return (next.input ?? 0) < (best.input ?? 0) || (next.output ?? 0) < (best.output ?? 0);
}

function tierOf(value: JsonValue | undefined): ServiceTier | undefined {
  return isJsonObject(value) ? serviceTier(value["type"]) : undefined;
}

const METRICS = "amazon-bedrock-invocationMetrics";
const HEADS = [
  ["input", "x-amzn-bedrock-input-token-count"],
  ["output", "x-amzn-bedrock-output-token-count"],
  ["cacheRead", "x-amzn-bedrock-cache-read-input-token-count"],
  ["cacheWrite", "x-amzn-bedrock-cache-write-input-token-count"],
] as const;

type Counts = Partial<Pick<Usage, "input" | "output" | "cacheRead" | "cacheWrite">>;

/** The model's own words where they are finer (cache times, reasoning), Bedrock's where not. */
export function createInvokeUsage(): UsageReader {
  const own: readonly UsageReader[] = [
    createAnthropicUsage(),
    createOpenAiUsage(),
    createConverseUsage(),
    createPlainUsage(),
  ];
  let counted: Counts = {};
  let tier: ServiceTier | undefined;
  return {
    readHead(headers) {
      tier = serviceTier(headers.get("x-amzn-bedrock-service-tier"));
      for (const [name, header] of HEADS) {
        const text = headers.get(header);
        const count = text === undefined ? undefined : tokenCount(Number(text));
        if (count !== undefined) counted = { ...counted, [name]: count };
      }
    },
    read(event) {
      const metrics = event[METRICS];
      if (isJsonObject(metrics)) counted = { ...counted, ...metricsOf(metrics) };
      for (const reader of own) reader.read(event);
    },
    usage() {
      const said = own.map((reader) => reader.usage()).find((usage) => usage !== undefined);
      if (said === undefined && counted.input === undefined && counted.output === undefined) {
        return undefined;
      }
      const base = said ?? { ...UNCOUNTED, source: "provider" };
      return {
        ...base,
        input: base.input ?? counted.input,
        output: base.output ?? counted.output,
        cacheRead: base.cacheRead ?? counted.cacheRead,
        cacheWrite: base.cacheWrite ?? counted.cacheWrite,
        tier: base.tier ?? tier,
      };
    },
    // The path named it; what the model calls itself in its own words is no name on Bedrock.
    model: () => undefined,
  };
}

function metricsOf(metrics: JsonObject): Counts {
  const counts: Record<string, number> = {};
  for (const [name, key] of [
    ["input", "inputTokenCount"],
    ["output", "outputTokenCount"],
    ["cacheRead", "cacheReadInputTokenCount"],
    ["cacheWrite", "cacheWriteInputTokenCount"],
  ] as const) {
    const count = tokenCount(metrics[key]);
    if (count !== undefined) counts[name] = count;
  }
  return counts;
}

/** Llama and Titan, which count beside their text. */
function createPlainUsage(): UsageReader {
  let input: number | undefined;
  let output: number | undefined;
  return {
    read(event) {
      input = larger(input, event["prompt_token_count"] ?? event["inputTextTokenCount"]);
      output = larger(
        output,
        event["generation_token_count"] ?? event["totalOutputTextTokenCount"] ?? titanCount(event),
      );
    },
    usage: () =>
      input === undefined && output === undefined
        ? undefined
        : { ...UNCOUNTED, input, output, source: "provider" },
    model: () => undefined,
  };
}

function titanCount(event: JsonObject): JsonValue | undefined {
  const { results } = event;
  if (!isJsonArray(results)) return undefined;
  let sum = 0;
  for (const result of results) {
    const count = isJsonObject(result) ? tokenCount(result["tokenCount"]) : undefined;
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum;
}

function larger(known: number | undefined, value: JsonValue | undefined): number | undefined {
  const count = tokenCount(value);
  if (count === undefined) return known;
  return known === undefined ? count : Math.max(known, count);
}
