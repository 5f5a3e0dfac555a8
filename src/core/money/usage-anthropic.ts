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
import { tokenCount } from "./token-count.ts";
import type { UsageReader } from "./usage-reader.ts";
import { UNCOUNTED, type Usage } from "./usage.ts";

export function createAnthropicUsage(): UsageReader {
  let model: string | undefined;
  let input: number | undefined;
  let cacheRead: number | undefined;
  let cacheCreation: number | undefined;
  let cacheWriteHour: number | undefined;
  let webSearches: number | undefined;
  let toolCalls: number | undefined;
  let tier: ServiceTier | undefined;
  let output: number | undefined;
  let thinking: number | undefined;
  let apart: Compactions = NO_COMPACTIONS;

  function readInput(usage: JsonObject): void {
    input = larger(input, usage["input_tokens"]);
    cacheRead = larger(cacheRead, usage["cache_read_input_tokens"]);
    cacheCreation = larger(cacheCreation, usage["cache_creation_input_tokens"]);
    const creation = usage["cache_creation"];
    if (isJsonObject(creation)) {
      cacheWriteHour = larger(cacheWriteHour, creation["ephemeral_1h_input_tokens"]);
    }
    const tools = usage["server_tool_use"];
    if (isJsonObject(tools)) {
      webSearches = larger(webSearches, tools["web_search_requests"]);
      toolCalls = larger(toolCalls, tools["code_execution_requests"]);
    }
    tier = tierOf(usage) ?? tier;
  }

  return {
    read(event) {
      const started = event["type"] === "message_start";
      const source = started && isJsonObject(event["message"]) ? event["message"] : event;
      model = modelName(source["model"]) ?? model;
      const usage = source["usage"];
      if (!isJsonObject(usage)) return;
      readInput(usage);
      // The start's output count is a placeholder: believed, it would bill an abort as one token.
      if (!started) output = larger(output, usage["output_tokens"]);
      const details = usage["output_tokens_details"];
      if (isJsonObject(details)) thinking = larger(thinking, details["thinking_tokens"]);
      apart = compactionsIn(usage["iterations"]) ?? apart;
    },
    usage() {
      const counts = [input, output, cacheRead, cacheCreation, cacheWriteHour];
      if (counts.every((count) => count === undefined)) return undefined;
      const hour = Math.min(cacheWriteHour ?? 0, cacheCreation ?? cacheWriteHour ?? 0);
      const reasoning = Math.min(thinking ?? 0, output ?? 0);
      return {
        ...UNCOUNTED,
        input: plus(input, apart.input),
        cacheRead: plus(cacheRead, apart.cacheRead),
        cacheWrite: plus(cacheCreation, apart.cacheWrite - hour),
        output: plus(output, apart.output - reasoning),
        reasoning: thinking === undefined ? undefined : reasoning,
        cacheWriteHour: cacheWriteHour === undefined ? undefined : hour,
        webSearches,
        toolCalls,
        tier,
        source: "provider",
      } satisfies Usage;
    },
    model: () => model,
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

/** Fast mode outranks the tier: it is the dearer of the two. */
function tierOf(usage: JsonObject): ServiceTier | undefined {
  return usage["speed"] === "fast" ? "fast" : serviceTier(usage["service_tier"]);
}

/** Counts are cumulative: one that is missing, hostile or smaller changes nothing. */
function larger(known: number | undefined, value: JsonObject[string] | undefined) {
  const count = tokenCount(value);
  if (count === undefined) return known;
  return known === undefined ? count : Math.max(known, count);
}
