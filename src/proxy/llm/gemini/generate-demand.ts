/**
 * What a generateContent request makes the provider bill beside its bytes. Members may be spelt in
 * camel case and in snake case.
 *
 * @see https://ai.google.dev/gemini-api/docs/pricing
 * @see https://ai.google.dev/gemini-api/docs/tokens
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import type { Demand, ProviderTool } from "../../../core/money/demand.ts";
import { serviceTier } from "../../../core/money/service-tier.ts";
import { unseenMedia, type MediaKind } from "../unseen-media.ts";

/** A large picture cut into tiles. */
const IMAGE_TOKENS_MAX = 5000;

/** By the member's name without its case and underscores. */
const TOOLS = new Map<string, ProviderTool | "client">([
  ["functiondeclarations", "client"],
  ["computeruse", "client"],
  ["googlesearch", "web_search"],
  ["googlesearchretrieval", "web_search"],
  ["enterprisewebsearch", "web_search"],
  ["codeexecution", "unbilled"],
  ["urlcontext", "unbilled"],
  ["filesearch", "file_search"],
]);

export function generateDemand(
  body: JsonObject,
  tier: JsonValue | undefined,
  readsCache: boolean,
): Demand {
  const parts = [body["contents"], body["systemInstruction"], body["system_instruction"]];
  const media = unseenMedia(
    parts.map((part) => part ?? null),
    mediaKind,
  );
  return {
    tier: serviceTier(tier) ?? "standard",
    tools: providerTools(body["tools"]),
    toolCallsMax: undefined,
    surcharge: 0,
    imageTokens: media.images * IMAGE_TOKENS_MAX,
    readsUnseen: media.unbounded || readsCache,
  };
}

function providerTools(tools: JsonValue | undefined): ProviderTool[] {
  const found = new Set<ProviderTool>();
  for (const tool of isJsonArray(tools) ? tools : [tools ?? null]) {
    if (!isJsonObject(tool)) continue;
    for (const key in tool) {
      const kind = TOOLS.get(key.toLowerCase().replaceAll("_", "")) ?? "other";
      if (kind !== "client") found.add(kind);
    }
  }
  return [...found];
}

function mediaKind(part: JsonObject): MediaKind {
  if (part["fileData"] !== undefined || part["file_data"] !== undefined) return "unbounded";
  const inline = part["inlineData"] ?? part["inline_data"];
  if (!isJsonObject(inline)) return undefined;
  const said = inline["mimeType"] ?? inline["mime_type"];
  const type = typeof said === "string" ? said : "";
  if (type.startsWith("image/")) return "image";
  // Sound takes more bytes than tokens; pages and frames need not.
  return type.startsWith("audio/") || type.startsWith("text/") ? undefined : "unbounded";
}
