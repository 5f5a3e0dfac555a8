/**
 * InvokeModel: the body is the model's own. What caps its output has another name in each family.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { Demand } from "../../../core/money/demand.ts";
import { messagesDemand } from "../anthropic/messages-demand.ts";
import type { RequestFacts, RequestGrammar } from "../operation.ts";
import { choicesMember, larger, tokensMember, type MemberReading } from "../read-member.ts";
import type { MemberEdit } from "../../set-members.ts";
import { unseenMedia, type MediaKind } from "../unseen-media.ts";
import { IMAGE_TOKENS_MAX } from "./converse-request.ts";

/** A cap: a member of the body, or of an object in it. */
interface CapPlace {
  readonly holder: string | undefined;
  readonly key: string;
}

const CAPS: readonly CapPlace[] = [
  { holder: undefined, key: "max_tokens" },
  { holder: undefined, key: "max_completion_tokens" },
  { holder: undefined, key: "max_tokens_to_sample" },
  { holder: undefined, key: "max_gen_len" },
  { holder: undefined, key: "maxTokens" },
  { holder: "inferenceConfig", key: "maxTokens" },
  { holder: "inferenceConfig", key: "max_new_tokens" },
  { holder: "textGenerationConfig", key: "maxTokenCount" },
];

/** Where a cap is written that the client did not set. Most models take `max_tokens`. */
const FAMILIES: readonly (readonly [RegExp, CapPlace])[] = [
  [/(?:^|\.)amazon\.nova/, { holder: "inferenceConfig", key: "maxTokens" }],
  [/(?:^|\.)amazon\.titan/, { holder: "textGenerationConfig", key: "maxTokenCount" }],
  [/(?:^|\.)meta\./, { holder: undefined, key: "max_gen_len" }],
  [/(?:^|\.)anthropic\.claude-(?:v2|instant)/, { holder: undefined, key: "max_tokens_to_sample" }],
];
const USUAL: CapPlace = { holder: undefined, key: "max_tokens" };

const NO_MEMBERS: JsonObject = {};

export const invokeRequest: RequestGrammar = {
  judged: new Set(["messages", "system", "tools", "n", "num_generations", "model", "models"]),
  read(body, endpoint) {
    const reading: MemberReading = { body, problem: undefined };
    let outputTokens: number | undefined;
    for (const { holder, key } of CAPS) {
      const inner: MemberReading = { body: holderIn(body, holder), problem: reading.problem };
      outputTokens = larger(outputTokens, tokensMember(inner, key));
      reading.problem = inner.problem;
    }
    const facts: RequestFacts = {
      model: endpoint.model ?? "",
      stream: endpoint.stream,
      outputTokens,
      zeroIsCap: false,
      choices: Math.max(choicesMember(reading, "n"), choicesMember(reading, "num_generations")),
      demand: { ...invokeDemand(body), tier: endpoint.tier ?? "standard" },
      wantsUsage: true,
    };
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits(body, { model }, { outputTokens }) {
    if (outputTokens === undefined) return [];
    const set = CAPS.filter(({ holder, key }) => typeof holderIn(body, holder)[key] === "number");
    const family = FAMILIES.find(([name]) => name.test(model))?.[1] ?? USUAL;
    return (set.length > 0 ? set : [family]).map((place) => lowered(body, place, outputTokens));
  },
};

function holderIn(body: JsonObject, holder: string | undefined): JsonObject {
  if (holder === undefined) return body;
  const inner = body[holder];
  return isJsonObject(inner) ? inner : NO_MEMBERS;
}

function lowered(body: JsonObject, { holder, key }: CapPlace, cap: number): MemberEdit {
  const inner = holderIn(body, holder);
  const own = inner[key];
  const value = typeof own === "number" && own >= 1 ? Math.min(own, cap) : cap;
  return holder === undefined ? { key, value } : { key: holder, value: { ...inner, [key]: value } };
}

/** Claude's content blocks, and what other families call theirs. */
function invokeDemand(body: JsonObject): Demand {
  const claude = messagesDemand(body);
  const media = unseenMedia(body, mediaKind);
  return {
    ...claude,
    imageTokens: Math.max(claude.imageTokens, media.images * IMAGE_TOKENS_MAX),
    readsUnseen: claude.readsUnseen || media.unbounded,
  };
}

function mediaKind(part: JsonObject): MediaKind {
  if (part["type"] === "image" || part["type"] === "image_url") return "image";
  if (isJsonObject(part["image"]) || typeof part["inputImage"] === "string") return "image";
  for (const key of ["video", "document"]) if (isJsonObject(part[key])) return "unbounded";
  return undefined;
}
