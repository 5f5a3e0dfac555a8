/** @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
import { isJsonArray, isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { Demand, ProviderTool } from "../../../core/money/demand.ts";
import { serviceTier, type ServiceTier } from "../../../core/money/service-tier.ts";
import type { RequestFacts, RequestGrammar } from "../operation.ts";
import { tokensMember, type MemberReading } from "../read-member.ts";
import { unseenMedia, type MediaKind } from "../unseen-media.ts";

/** The largest picture that any model here takes. */
export const IMAGE_TOKENS_MAX = 5000;

const NO_CONFIG: JsonObject = {};

/** Caps that could stand beside `inferenceConfig` in the model's own words, and outvote it. */
const OWN_CAPS = ["max_tokens", "max_gen_len", "max_new_tokens", "maxTokens", "maxTokenCount"];

export const converseRequest: RequestGrammar = {
  judged: new Set([
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "serviceTier",
    "performanceConfig",
    "additionalModelRequestFields",
  ]),
  read(body, endpoint) {
    const config = body["inferenceConfig"];
    const reading: MemberReading = {
      body: isJsonObject(config) ? config : NO_CONFIG,
      problem: strangeMember(body),
    };
    const facts: RequestFacts = {
      model: endpoint.model ?? "",
      stream: endpoint.stream,
      outputTokens: tokensMember(reading, "maxTokens"),
      zeroIsCap: false,
      choices: 1,
      demand: converseDemand(body),
      wantsUsage: true,
    };
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits(body, _facts, { outputTokens }) {
    if (outputTokens === undefined) return [];
    const config = body["inferenceConfig"];
    const value = { ...(isJsonObject(config) ? config : NO_CONFIG), maxTokens: outputTokens };
    return [{ key: "inferenceConfig", value }];
  },
};

function strangeMember(body: JsonObject): string | undefined {
  const more = body["additionalModelRequestFields"];
  if (!isJsonObject(more)) return undefined;
  const cap = OWN_CAPS.find((key) => Object.hasOwn(more, key));
  if (cap === undefined) return undefined;
  return `"${cap}" in additionalModelRequestFields could outvote inferenceConfig.maxTokens`;
}

function converseDemand(body: JsonObject): Demand {
  const media = unseenMedia([body["messages"] ?? null, body["system"] ?? null], mediaKind);
  return {
    tier: tierOf(body),
    tools: systemTools(body["toolConfig"] ?? null),
    toolCallsMax: undefined,
    surcharge: 0,
    imageTokens: media.images * IMAGE_TOKENS_MAX,
    readsUnseen: media.unbounded || isJsonObject(body["promptVariables"]),
  };
}

function tierOf(body: JsonObject): ServiceTier {
  const { serviceTier: tier, performanceConfig: performance } = body;
  if (isJsonObject(performance) && performance["latency"] === "optimized") return "fast";
  return (isJsonObject(tier) ? serviceTier(tier["type"]) : undefined) ?? "standard";
}

/** Tools that run on the side of AWS: Nova's grounding and code interpreter. */
function systemTools(config: JsonObject[string]): readonly ProviderTool[] {
  const tools = isJsonObject(config) ? config["tools"] : undefined;
  if (!isJsonArray(tools)) return [];
  const runs = tools.some((tool) => isJsonObject(tool) && tool["systemTool"] !== undefined);
  return runs ? ["other"] : [];
}

/** A content block has one member, which says what it is. */
function mediaKind(block: JsonObject): MediaKind {
  if (isJsonObject(block["image"])) return "image";
  for (const key of ["document", "video", "audio"]) {
    if (isJsonObject(block[key])) return "unbounded";
  }
  return undefined;
}
