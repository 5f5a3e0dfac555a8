/**
 * Usage of Gemini's generateContent and streamGenerateContent. Every chunk carries the counts so
 * far; the prompt's includes what came from cache, thoughts are beside the candidates.
 *
 * @see https://ai.google.dev/api/generate-content#UsageMetadata
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { modelName } from "./model-name.ts";
import { tokenCount } from "./token-count.ts";
import type { UsageReader } from "./usage-reader.ts";
import type { Usage } from "./usage.ts";

/** Modalities known today; a longer list is not a list of modalities. */
const DETAILS_MAX = 32;

export function createGeminiUsage(): UsageReader {
  let best: JsonObject | undefined;
  let bestTotal = -1;
  let finished = false;
  let model: string | undefined;
  return {
    read(event) {
      model = modelName(event["modelVersion"]) ?? model;
      finished ||= isFinished(event);
      const usage = event["usageMetadata"];
      if (!isJsonObject(usage)) return;
      const total = sumOfCounts(usage);
      if (total === undefined || total < bestTotal) return;
      best = usage;
      bestTotal = total;
    },
    usage: () => (best === undefined ? undefined : classesOf(best, finished)),
    model: () => model,
  };
}

/** A candidate that gave its reason to stop, or a prompt that was blocked: nothing more is billed. */
function isFinished(event: JsonObject): boolean {
  const feedback = event["promptFeedback"];
  if (isJsonObject(feedback) && typeof feedback["blockReason"] === "string") return true;
  const candidates = event["candidates"];
  if (!isJsonArray(candidates)) return false;
  return candidates.some((one) => isJsonObject(one) && typeof one["finishReason"] === "string");
}

function sumOfCounts(usage: JsonObject): number | undefined {
  const prompt = tokenCount(usage["promptTokenCount"]);
  const candidates = tokenCount(usage["candidatesTokenCount"]);
  if (prompt === undefined && candidates === undefined) return undefined;
  return (prompt ?? 0) + (candidates ?? 0) + (tokenCount(usage["thoughtsTokenCount"]) ?? 0);
}

function classesOf(usage: JsonObject, finished: boolean): Usage {
  const prompt = tokenCount(usage["promptTokenCount"]);
  const cached = tokenCount(usage["cachedContentTokenCount"]);
  const audioIn = modality(usage["promptTokensDetails"], "AUDIO");
  const inputs = (cached ?? 0) + (audioIn ?? 0);
  const inputBelieved = prompt !== undefined && inputs <= prompt;
  const plain = inputBelieved ? prompt - inputs : prompt;
  const tool = tokenCount(usage["toolUsePromptTokenCount"]) ?? 0;

  const candidates = candidatesOf(usage, finished);
  const audioOut = modality(usage["candidatesTokensDetails"], "AUDIO");
  const imageOut = modality(usage["candidatesTokensDetails"], "IMAGE");
  const outputs = (audioOut ?? 0) + (imageOut ?? 0);
  const outputBelieved = candidates !== undefined && outputs <= candidates;
  return {
    input: plain === undefined ? undefined : plain + tool,
    cacheRead: inputBelieved ? cached : undefined,
    cacheWrite: undefined,
    output: outputBelieved ? candidates - outputs : candidates,
    reasoning: tokenCount(usage["thoughtsTokenCount"]),
    cacheWriteHour: undefined,
    audioInput: inputBelieved ? audioIn : undefined,
    audioOutput: outputBelieved ? audioOut : undefined,
    imageOutput: outputBelieved ? imageOut : undefined,
    webSearches: undefined,
    source: "provider",
  };
}

/**
 * Unknown until a candidate has finished: a stream that broke off was billed for more than its last
 * chunk said. Proto JSON leaves zeros out, so a finished answer without the count has none.
 */
function candidatesOf(usage: JsonObject, finished: boolean): number | undefined {
  if (!finished) return undefined;
  const value = usage["candidatesTokenCount"];
  return value === undefined ? 0 : tokenCount(value);
}

function modality(details: JsonValue | undefined, name: string): number | undefined {
  if (!isJsonArray(details) || details.length > DETAILS_MAX) return undefined;
  for (const one of details) {
    if (isJsonObject(one) && one["modality"] === name) return tokenCount(one["tokenCount"]);
  }
  return undefined;
}
