/**
 * What a request in OpenAI's language makes the provider bill beside its bytes.
 *
 * @see https://platform.openai.com/docs/pricing
 * @see https://platform.openai.com/docs/guides/images-vision#calculating-costs
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import type { Demand, ProviderTool } from "../../../core/money/demand.ts";
import { modelName } from "../../../core/money/model-name.ts";
import { serviceTier } from "../../../core/money/service-tier.ts";
import { unseenMedia, type MediaKind } from "../unseen-media.ts";

/** Members that pull in text which is not in the body. */
export const STORED_INPUT = ["previous_response_id", "conversation", "prompt"] as const;

/** A picture at full detail; `gpt-4o-mini` counts 33 times what the others do. */
const IMAGE_TOKENS_MAX = 12_000;
const IMAGE_TOKENS_MAX_4O_MINI = 50_000;

/** Models that search once for every answer. */
const SEARCHES_ALWAYS = /-search-(?:preview|api)/;

/** Tools that the client runs; what is not here, the provider does. */
const CLIENT_TOOLS = new Set<JsonValue | undefined>([
  undefined,
  "function",
  "custom",
  "namespace",
  "local_shell",
  "apply_patch",
  "computer",
  "computer_use_preview",
]);

export function chatDemand(body: JsonObject, model: JsonValue | undefined): Demand {
  const media = unseenMedia(body["messages"], mediaKind);
  const tools = providerTools(body["tools"]);
  const searches =
    isPresent(body["web_search_options"]) || SEARCHES_ALWAYS.test(modelName(model) ?? "");
  if (searches) tools.push("web_search");
  if (isPresent(body["plugins"])) tools.push("other");
  return {
    tier: serviceTier(body["service_tier"]) ?? "standard",
    tools,
    // Chat completions search once; nothing else of theirs has a bound.
    toolCallsMax: searches && tools.length === 1 ? 1 : undefined,
    surcharge: 0,
    imageTokens: media.images * imageTokens(model),
    readsUnseen: media.unbounded,
  };
}

export function responsesDemand(body: JsonObject, toolCallsMax: number | undefined): Demand {
  const media = unseenMedia(body["input"], mediaKind);
  return {
    tier: serviceTier(body["service_tier"]) ?? "standard",
    tools: providerTools(body["tools"]),
    toolCallsMax,
    surcharge: 0,
    imageTokens: media.images * imageTokens(body["model"]),
    readsUnseen: media.unbounded || STORED_INPUT.some((key) => isPresent(body[key])),
  };
}

const MEDIA = new Map<JsonValue | undefined, MediaKind>([
  ["image_url", "image"],
  ["input_image", "image"],
  ["computer_screenshot", "image"],
  ["file", "unbounded"],
  ["input_file", "unbounded"],
  ["video_url", "unbounded"],
  ["item_reference", "unbounded"],
]);

function mediaKind({ type }: JsonObject): MediaKind {
  return MEDIA.get(type);
}

function imageTokens(model: JsonValue | undefined): number {
  return (modelName(model) ?? "").includes("gpt-4o-mini")
    ? IMAGE_TOKENS_MAX_4O_MINI
    : IMAGE_TOKENS_MAX;
}

function providerTools(tools: JsonValue | undefined): ProviderTool[] {
  if (!isJsonArray(tools)) return [];
  const found = new Set<ProviderTool>();
  for (const tool of tools) {
    const type = isJsonObject(tool) ? tool["type"] : undefined;
    if (CLIENT_TOOLS.has(type) || runsLocally(type, tool)) continue;
    found.add(toolOf(typeof type === "string" ? type : ""));
  }
  return [...found];
}

function runsLocally(type: JsonValue | undefined, tool: JsonValue): boolean {
  const environment = isJsonObject(tool) ? tool["environment"] : undefined;
  return type === "shell" && isJsonObject(environment) && environment["type"] === "local";
}

function toolOf(type: string): ProviderTool {
  if (type.startsWith("web_search")) return "web_search";
  if (type === "file_search") return "file_search";
  return type === "tool_search" ? "unbilled" : "other";
}

function isPresent(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}
