/**
 * generateContent and its streaming twin. Google's servers read every member in camel case and in
 * snake case; a body that has both of one is refused, because it cannot be told which one counts.
 *
 * @see https://ai.google.dev/api/generate-content
 * @see https://protobuf.dev/programming-guides/json/
 */
import { isJsonArray, isJsonObject, type JsonObject } from "../../../core/json.ts";
import { BARE_FACTS, type Endpoint, type RequestFacts, type RequestGrammar } from "../operation.ts";
import { choicesMember, tokensMember, type MemberReading } from "../read-member.ts";
import { generateDemand } from "./generate-demand.ts";

export const generateRequest: RequestGrammar = {
  judged: new Set([
    "generationConfig",
    "generation_config",
    "contents",
    "tools",
    "model",
    "serviceTier",
    "service_tier",
    "cachedContent",
    "cached_content",
  ]),
  read(body, endpoint) {
    const configKey = spelling(body, "generationConfig", "generation_config");
    const config = configOf(body);
    const capKey = spelling(config, "maxOutputTokens", "max_output_tokens");
    const choicesKey = spelling(config, "candidateCount", "candidate_count");
    const cacheKey = spelling(body, "cachedContent", "cached_content");
    const tierKey = spelling(body, "serviceTier", "service_tier");
    if (!configKey || !capKey || !choicesKey || !cacheKey || !tierKey) {
      return { kind: "problem", message: "a member is given in camel case and in snake case" };
    }
    const reading: MemberReading = { body: config, problem: otherModel(body, endpoint) };
    const facts: RequestFacts = {
      model: endpoint.model ?? "",
      stream: endpoint.stream,
      outputTokens: tokensMember(reading, capKey),
      zeroIsCap: false,
      choices: choicesMember(reading, choicesKey),
      demand: generateDemand(
        body,
        body[tierKey] ?? endpoint.tier,
        typeof body[cacheKey] === "string",
      ),
      wantsUsage: true,
    };
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits(body, _facts, { outputTokens }) {
    if (outputTokens === undefined) return [];
    const config = configOf(body);
    const key = spelling(body, "generationConfig", "generation_config") ?? "generationConfig";
    const capKey = spelling(config, "maxOutputTokens", "max_output_tokens") ?? "maxOutputTokens";
    return [{ key, value: { ...config, [capKey]: outputTokens } }];
  },
};

/** Embeddings and token counts: the model is in the path and may be repeated in the body. */
export const pathModelRequest: RequestGrammar = {
  judged: new Set(["model", "requests"]),
  read(body, endpoint) {
    const message = otherModel(body, endpoint);
    if (message !== undefined) return { kind: "problem", message };
    return { kind: "ok", facts: { ...BARE_FACTS, model: endpoint.model ?? "" } };
  },
  edits: () => [],
};

/** The spelling that is there, camel case if none is; undefined if both are. */
function spelling(body: JsonObject, camel: string, snake: string): string | undefined {
  if (!Object.hasOwn(body, snake)) return camel;
  return Object.hasOwn(body, camel) ? undefined : snake;
}

const NO_CONFIG: JsonObject = {};

function configOf(body: JsonObject): JsonObject {
  const config = body["generationConfig"] ?? body["generation_config"];
  return isJsonObject(config) ? config : NO_CONFIG;
}

/** What policy judged is the model of the path. */
function otherModel(body: JsonObject, endpoint: Endpoint): string | undefined {
  const requests = body["requests"];
  const named = isJsonArray(requests) ? [body, ...requests.filter(isJsonObject)] : [body];
  for (const request of [...named, ...nestedCount(body)]) {
    const { model } = request;
    if (model === undefined || model === null) continue;
    if (model === endpoint.model || model === `models/${endpoint.model}`) continue;
    return "the model in the body is not the model in the path";
  }
  return undefined;
}

function nestedCount(body: JsonObject): readonly JsonObject[] {
  const nested = body["generateContentRequest"] ?? body["generate_content_request"];
  return isJsonObject(nested) ? [nested] : [];
}
