/**
 * Usage of Anthropic messages. The input classes come disjoint. In a stream `message_start` says
 * the input, with a placeholder for the output; `message_delta` says the output so far, cumulative,
 * and may correct the input.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 * @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
import { isJsonObject, type JsonObject } from "../json.ts";
import { modelName } from "./model-name.ts";
import { tokenCount } from "./token-count.ts";
import type { UsageReader } from "./usage-reader.ts";
import type { Usage } from "./usage.ts";

export function createAnthropicUsage(): UsageReader {
  let model: string | undefined;
  let input: number | undefined;
  let cacheRead: number | undefined;
  let cacheCreation: number | undefined;
  let cacheWriteHour: number | undefined;
  let webSearches: number | undefined;
  let output: number | undefined;

  function readInput(usage: JsonObject): void {
    input = larger(input, usage["input_tokens"]);
    cacheRead = larger(cacheRead, usage["cache_read_input_tokens"]);
    cacheCreation = larger(cacheCreation, usage["cache_creation_input_tokens"]);
    const creation = usage["cache_creation"];
    if (isJsonObject(creation)) {
      cacheWriteHour = larger(cacheWriteHour, creation["ephemeral_1h_input_tokens"]);
    }
    const tools = usage["server_tool_use"];
    if (isJsonObject(tools)) webSearches = larger(webSearches, tools["web_search_requests"]);
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
    },
    usage() {
      const counts = [input, output, cacheRead, cacheCreation, cacheWriteHour];
      if (counts.every((count) => count === undefined)) return undefined;
      const hour = Math.min(cacheWriteHour ?? 0, cacheCreation ?? cacheWriteHour ?? 0);
      return {
        input,
        cacheRead,
        cacheWrite: cacheCreation === undefined ? undefined : cacheCreation - hour,
        output,
        reasoning: undefined,
        cacheWriteHour: cacheWriteHour === undefined ? undefined : hour,
        audioInput: undefined,
        audioOutput: undefined,
        imageOutput: undefined,
        webSearches,
        source: "provider",
      } satisfies Usage;
    },
    model: () => model,
  };
}

/** Counts are cumulative: one that is missing, hostile or smaller changes nothing. */
function larger(known: number | undefined, value: JsonObject[string] | undefined) {
  const count = tokenCount(value);
  if (count === undefined) return known;
  return known === undefined ? count : Math.max(known, count);
}
