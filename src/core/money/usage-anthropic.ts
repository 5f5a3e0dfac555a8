/**
 * Usage of Anthropic messages. The input classes come disjoint. In a stream `message_start` says
 * the input, with a placeholder for the output; `message_delta` says the output so far, cumulative,
 * and may correct the input.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 * @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { modelName } from "./model-name.ts";
import { serviceTier, type ServiceTier } from "./service-tier.ts";
import { residencyPercent } from "./surcharge.ts";
import { tokenCount } from "./token-count.ts";
import type { UsageReader } from "./usage-reader.ts";
import { UNCOUNTED, type Usage } from "./usage.ts";

export function createAnthropicUsage(): UsageReader {
  const seen: Seen = {
    input: undefined,
    cacheRead: undefined,
    cacheCreation: undefined,
    cacheWriteHour: undefined,
    webSearches: undefined,
    toolCalls: undefined,
    tier: undefined,
    surcharge: undefined,
    output: undefined,
    thinking: undefined,
    compactions: NO_COMPACTIONS,
  };
  let model: string | undefined;
  return {
    read(event) {
      const started = event["type"] === "message_start";
      const source = started && isJsonObject(event["message"]) ? event["message"] : event;
      model = modelName(source["model"]) ?? model;
      const usage = source["usage"];
      if (!isJsonObject(usage)) return;
      readInput(seen, usage);
      // The start's output count is a placeholder: believed, it would bill an abort as one token.
      if (!started) readOutput(seen, usage);
    },
    usage: () => classesOf(seen),
    model: () => model,
  };
}

/** Counts so far. */
interface Seen {
  input: number | undefined;
  cacheRead: number | undefined;
  cacheCreation: number | undefined;
  cacheWriteHour: number | undefined;
  webSearches: number | undefined;
  toolCalls: number | undefined;
  tier: ServiceTier | undefined;
  surcharge: number | undefined;
  output: number | undefined;
  thinking: number | undefined;
  compactions: Compactions;
}

function readInput(seen: Seen, usage: JsonObject): void {
  seen.input = larger(seen.input, usage["input_tokens"]);
  seen.cacheRead = larger(seen.cacheRead, usage["cache_read_input_tokens"]);
  seen.cacheCreation = larger(seen.cacheCreation, usage["cache_creation_input_tokens"]);
  const creation = usage["cache_creation"];
  if (isJsonObject(creation)) {
    seen.cacheWriteHour = larger(seen.cacheWriteHour, creation["ephemeral_1h_input_tokens"]);
  }
  const tools = usage["server_tool_use"];
  if (isJsonObject(tools)) {
    seen.webSearches = larger(seen.webSearches, tools["web_search_requests"]);
    seen.toolCalls = larger(seen.toolCalls, tools["code_execution_requests"]);
  }
  seen.tier = tierOf(usage) ?? seen.tier;
  seen.surcharge = residencyPercent(usage["inference_geo"]) ?? seen.surcharge;
}

function readOutput(seen: Seen, usage: JsonObject): void {
  seen.output = larger(seen.output, usage["output_tokens"]);
  const details = usage["output_tokens_details"];
  if (isJsonObject(details)) seen.thinking = larger(seen.thinking, details["thinking_tokens"]);
  seen.compactions = compactionsIn(usage["iterations"]) ?? seen.compactions;
}

function classesOf(seen: Seen): Usage | undefined {
  const { input, output, cacheRead, cacheCreation, cacheWriteHour, compactions } = seen;
  const counts = [input, output, cacheRead, cacheCreation, cacheWriteHour];
  if (counts.every((count) => count === undefined)) return undefined;
  const hour = Math.min(cacheWriteHour ?? 0, cacheCreation ?? cacheWriteHour ?? 0);
  const reasoning = Math.min(seen.thinking ?? 0, output ?? 0);
  return {
    ...UNCOUNTED,
    input: plus(input, compactions.input),
    cacheRead: plus(cacheRead, compactions.cacheRead),
    cacheWrite: plus(cacheCreation, compactions.cacheWrite - hour),
    output: plus(output, compactions.output - reasoning),
    reasoning: seen.thinking === undefined ? undefined : reasoning,
    cacheWriteHour: cacheWriteHour === undefined ? undefined : hour,
    webSearches: seen.webSearches,
    toolCalls: seen.toolCalls,
    tier: seen.tier,
    surcharge: seen.surcharge,
    source: "provider",
  };
}

/** Tokens of compactions: billed, and not in the message's own counts. */
interface Compactions {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
}

const NO_COMPACTIONS: Compactions = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
/** More sampling iterations than one answer has. */
const ITERATIONS_MAX = 1024;

function compactionsIn(iterations: JsonValue | undefined): Compactions | undefined {
  if (!isJsonArray(iterations) || iterations.length > ITERATIONS_MAX) return undefined;
  let sum = NO_COMPACTIONS;
  for (const one of iterations) {
    if (!isJsonObject(one) || one["type"] !== "compaction") continue;
    sum = {
      input: sum.input + (tokenCount(one["input_tokens"]) ?? 0),
      cacheRead: sum.cacheRead + (tokenCount(one["cache_read_input_tokens"]) ?? 0),
      cacheWrite: sum.cacheWrite + (tokenCount(one["cache_creation_input_tokens"]) ?? 0),
      output: sum.output + (tokenCount(one["output_tokens"]) ?? 0),
    };
  }
  return sum;
}

/** Stays unknown where the count is, unless there is something to add to it. */
function plus(count: number | undefined, more: number): number | undefined {
  return count === undefined && more <= 0 ? undefined : (count ?? 0) + more;
}

/**
 * Fast mode outranks the tier: it is the dearer of the two. Anthropic's priority tier is capacity
 * that was bought ahead, not a surcharge.
 */
function tierOf(usage: JsonObject): ServiceTier | undefined {
  if (usage["speed"] === "fast") return "fast";
  const tier = serviceTier(usage["service_tier"]);
  return tier === "priority" ? "standard" : tier;
}

/** Counts are cumulative: one that is missing, hostile or smaller changes nothing. */
function larger(known: number | undefined, value: JsonObject[string] | undefined) {
  const count = tokenCount(value);
  if (count === undefined) return known;
  return known === undefined ? count : Math.max(known, count);
}
