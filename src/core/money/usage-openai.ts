/**
 * Usage of the OpenAI shapes: chat, completions and embeddings (`prompt_tokens`), responses
 * (`input_tokens`), and what compatible servers make of them. Totals include their details here, so
 * the classes are made disjoint by subtraction.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/object
 * @see https://platform.openai.com/docs/api-reference/responses/object
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { modelName } from "./model-name.ts";
import { serviceTier, type ServiceTier } from "./service-tier.ts";
import { tokenCount } from "./token-count.ts";
import type { UsageReader } from "./usage-reader.ts";
import { UNCOUNTED, type Usage } from "./usage.ts";

export function createOpenAiUsage(): UsageReader {
  let best: Totals | undefined;
  let model: string | undefined;
  let tier: ServiceTier | undefined;
  let calls: ToolCalls = NO_CALLS;
  return {
    read(event) {
      const response = isJsonObject(event["response"]) ? event["response"] : undefined;
      model = modelName(event["model"]) ?? modelName(response?.["model"]) ?? model;
      const said = event["usage"] ?? response?.["usage"];
      if (!isJsonObject(said)) return;
      const totals = totalsOf(said);
      if (totals === undefined || isBehind(totals, best)) return;
      best = totals;
      const answer = response ?? event;
      tier = serviceTier(answer["service_tier"]) ?? tier;
      calls = toolCallsIn(answer["output"]) ?? calls;
    },
    usage: () => (best === undefined ? undefined : { ...classesOf(best), ...calls, tier }),
    model: () => model,
  };
}

interface ToolCalls {
  readonly webSearches: number | undefined;
  readonly fileSearches: number | undefined;
  readonly toolCalls: number | undefined;
}

const NO_CALLS: ToolCalls = {
  webSearches: undefined,
  fileSearches: undefined,
  toolCalls: undefined,
};

/** Items of an answer's output that the client runs, or that nobody runs. */
const NOT_BILLED = new Set<JsonValue | undefined>([
  "message",
  "reasoning",
  "compaction",
  "function_call",
  "custom_tool_call",
  "local_shell_call",
  "apply_patch_call",
  "computer_call",
  "mcp_list_tools",
  "mcp_approval_request",
  "tool_search_call",
]);

/** Responses list the calls that the provider ran among their output items. */
function toolCallsIn(output: JsonValue | undefined): ToolCalls | undefined {
  if (!isJsonArray(output)) return undefined;
  let webSearches = 0;
  let fileSearches = 0;
  let toolCalls = 0;
  for (const item of output) {
    const type = isJsonObject(item) ? item["type"] : undefined;
    if (type === "web_search_call") webSearches += 1;
    else if (type === "file_search_call") fileSearches += 1;
    else if (typeof type === "string" && type.endsWith("_call") && !NOT_BILLED.has(type)) {
      toolCalls += 1;
    }
  }
  if (webSearches + fileSearches + toolCalls === 0) return undefined;
  return { webSearches, fileSearches, toolCalls };
}

interface Totals {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly total: number | undefined;
  readonly inputDetails: JsonObject | undefined;
  readonly outputDetails: JsonObject | undefined;
  /** DeepSeek names cached input beside the totals. */
  readonly cacheHit: number | undefined;
}

function totalsOf(usage: JsonObject): Totals | undefined {
  const input = tokenCount(usage["prompt_tokens"]) ?? tokenCount(usage["input_tokens"]);
  const total = tokenCount(usage["total_tokens"]);
  const output =
    tokenCount(usage["completion_tokens"]) ??
    tokenCount(usage["output_tokens"]) ??
    remainder(total, input);
  if (input === undefined && output === undefined) return undefined;
  return {
    input,
    output,
    total,
    inputDetails: details(usage["prompt_tokens_details"], usage["input_tokens_details"]),
    outputDetails: details(usage["completion_tokens_details"], usage["output_tokens_details"]),
    cacheHit: tokenCount(usage["prompt_cache_hit_tokens"]),
  };
}

function details(
  chat: JsonValue | undefined,
  responses: JsonValue | undefined,
): JsonObject | undefined {
  if (isJsonObject(chat)) return chat;
  return isJsonObject(responses) ? responses : undefined;
}

function remainder(total: number | undefined, part: number | undefined): number | undefined {
  if (total === undefined || part === undefined || total < part) return undefined;
  return total - part;
}

function isBehind(next: Totals, best: Totals | undefined): boolean {
  if (best === undefined) return false;
  return (next.input ?? 0) < (best.input ?? 0) || (next.output ?? 0) < (best.output ?? 0);
}

function classesOf(totals: Totals): Usage {
  const read = tokenCount(totals.inputDetails?.["cached_tokens"]) ?? totals.cacheHit;
  const write = tokenCount(totals.inputDetails?.["cache_write_tokens"]);
  const long = longWrites(totals.inputDetails, write);
  const audioIn = tokenCount(totals.inputDetails?.["audio_tokens"]);
  const reasoning = tokenCount(totals.outputDetails?.["reasoning_tokens"]);
  const audioOut = tokenCount(totals.outputDetails?.["audio_tokens"]);

  const input = without(totals.input, sum(read, write, audioIn));
  const output = outputOf(totals, reasoning, audioOut);
  return {
    ...UNCOUNTED,
    input: input.rest,
    cacheRead: input.believed ? read : undefined,
    cacheWrite: input.believed && write !== undefined ? write - (long ?? 0) : undefined,
    cacheWriteHour: input.believed ? long : undefined,
    output: output.rest,
    reasoning: output.believed ? reasoning : undefined,
    audioInput: input.believed ? audioIn : undefined,
    audioOutput: output.believed ? audioOut : undefined,
    source: "provider",
  };
}

/** Of the cache writes, those kept for longer than the usual half hour. */
function longWrites(details: JsonObject | undefined, all: number | undefined): number | undefined {
  const byTime = details?.["cache_write_tokens_details"];
  if (!isJsonObject(byTime) || all === undefined) return undefined;
  const long = tokenCount(byTime["ttl_12h_tokens"]);
  return long === undefined ? undefined : Math.min(long, all);
}

/** xAI counts reasoning beside `completion_tokens`; the three then add up to the total. */
function outputOf(totals: Totals, reasoning: number | undefined, audio: number | undefined): Split {
  const beside =
    reasoning !== undefined &&
    reasoning > 0 &&
    totals.total !== undefined &&
    totals.total === sum(totals.input, totals.output, reasoning);
  return without(totals.output, beside ? sum(audio) : sum(reasoning, audio));
}

interface Split {
  readonly rest: number | undefined;
  readonly believed: boolean;
}

/** Details larger than their total are not believed: everything is billed as the plain class. */
function without(total: number | undefined, parts: number): Split {
  if (total === undefined || parts > total) return { rest: total, believed: false };
  return { rest: total - parts, believed: true };
}

function sum(...counts: readonly (number | undefined)[]): number {
  return counts.reduce<number>((total, count) => total + (count ?? 0), 0);
}
