/**
 * Usage of Gemini's generateContent and streamGenerateContent. Every chunk carries the counts so
 * far; the prompt's includes what came from cache, thoughts are beside the candidates.
 *
 * @see https://ai.google.dev/api/generate-content#UsageMetadata
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { modelName } from "./model-name.ts";
import { serviceTier, type ServiceTier } from "./service-tier.ts";
import { tokenCount } from "./token-count.ts";
import type { UsageReader } from "./usage-reader.ts";
import { UNCOUNTED, type Usage } from "./usage.ts";

/** Modalities known today; a longer list is not a list of modalities. */
const DETAILS_MAX = 32;

export function createGeminiUsage(): UsageReader {
  let best: JsonObject | undefined;
  let bestTotal = -1;
  let finished = false;
  let model: string | undefined;
  let tier: ServiceTier | undefined;
  let webSearches: number | undefined;
  return {
    readHead(headers) {
      tier = serviceTier(headers.get("x-gemini-service-tier"));
    },
    read(event) {
      model = modelName(event["modelVersion"]) ?? model;
      finished ||= isFinished(event);
      webSearches = searchesIn(event) ?? webSearches;
      const usage = event["usageMetadata"];
      if (!isJsonObject(usage)) return;
      const total = sumOfCounts(usage);
      if (total === undefined || total < bestTotal) return;
      best = usage;
      bestTotal = total;
    },
    usage: () =>
      best === undefined
        ? undefined
        : { ...classesOf(best, finished), webSearches, tier: trafficTier(best) ?? tier },
    model: () => model,
  };
}

/** Vertex says beside the counts by which list they are billed. */
function trafficTier(usage: JsonObject): ServiceTier | undefined {
  return serviceTier(usage["trafficType"]);
}

/** A candidate that gave its reason to stop, or a prompt that was blocked: nothing more is billed. */
function isFinished(event: JsonObject): boolean {
  const feedback = event["promptFeedback"];
  if (isJsonObject(feedback) && typeof feedback["blockReason"] === "string") return true;
  const candidates = event["candidates"];
  if (!isJsonArray(candidates)) return false;
  return candidates.some((one) => isJsonObject(one) && typeof one["finishReason"] === "string");
}

/** The queries that grounding sent out; the chunk that has them has all of them. */
function searchesIn(event: JsonObject): number | undefined {
  const candidates = event["candidates"];
  if (!isJsonArray(candidates)) return undefined;
  for (const candidate of candidates) {
    const grounding = isJsonObject(candidate) ? candidate["groundingMetadata"] : undefined;
    const queries = isJsonObject(grounding) ? grounding["webSearchQueries"] : undefined;
    if (isJsonArray(queries)) return queries.length;
  }
  return undefined;
}

function sumOfCounts(usage: JsonObject): number | undefined {
  const prompt = tokenCount(usage["promptTokenCount"]);
  const candidates = tokenCount(usage["candidatesTokenCount"]);
  if (prompt === undefined && candidates === undefined) return undefined;
  return (prompt ?? 0) + (candidates ?? 0) + (tokenCount(usage["thoughtsTokenCount"]) ?? 0);
}

function classesOf(usage: JsonObject, finished: boolean): Usage {
  const input = inputOf(usage);
  const candidates = candidatesOf(usage, finished);
  const audioOut = modality(usage["candidatesTokensDetails"], "AUDIO");
  const imageOut = modality(usage["candidatesTokensDetails"], "IMAGE");
  const outputs = (audioOut ?? 0) + (imageOut ?? 0);
  const outputBelieved = candidates !== undefined && outputs <= candidates;
  return {
    ...UNCOUNTED,
    ...input,
    toolInput: tokenCount(usage["toolUsePromptTokenCount"]),
    output: outputBelieved ? candidates - outputs : candidates,
    reasoning: tokenCount(usage["thoughtsTokenCount"]),
    audioOutput: outputBelieved ? audioOut : undefined,
    imageOutput: outputBelieved ? imageOut : undefined,
    source: "provider",
  };
}

type InputClasses = Pick<
  Usage,
  "input" | "cacheRead" | "audioInput" | "audioCacheRead" | "imageInput"
>;

/** The prompt's count has everything in it; its modalities have what came from the cache. */
function inputOf(usage: JsonObject): InputClasses {
  const prompt = tokenCount(usage["promptTokenCount"]);
  const cached = tokenCount(usage["cachedContentTokenCount"]);
  const audioCached = modality(usage["cacheTokensDetails"], "AUDIO");
  const audioCacheRead = cached === undefined ? undefined : audioCached;
  const audio = modality(usage["promptTokensDetails"], "AUDIO");
  const audioInput = audio === undefined ? undefined : Math.max(audio - (audioCacheRead ?? 0), 0);
  const imageInput = picturesIn(usage);
  const cacheRead = cached === undefined ? undefined : cached - (audioCacheRead ?? 0);
  const apart = (cached ?? 0) + (audioInput ?? 0) + (imageInput ?? 0);
  if (prompt === undefined || apart > prompt || (cacheRead ?? 0) < 0) {
    return { ...NO_INPUT, input: prompt };
  }
  return { input: prompt - apart, cacheRead, audioInput, audioCacheRead, imageInput };
}

const NO_INPUT: InputClasses = {
  input: undefined,
  cacheRead: undefined,
  audioInput: undefined,
  audioCacheRead: undefined,
  imageInput: undefined,
};

/** Images and video that did not come from the cache. */
function picturesIn(usage: JsonObject): number | undefined {
  let sum: number | undefined;
  for (const name of ["IMAGE", "VIDEO"]) {
    const all = modality(usage["promptTokensDetails"], name);
    if (all === undefined) continue;
    sum = (sum ?? 0) + Math.max(all - (modality(usage["cacheTokensDetails"], name) ?? 0), 0);
  }
  return sum;
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
