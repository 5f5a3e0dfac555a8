/**
 * What a Messages request makes the provider bill beside its bytes.
 *
 * @see https://docs.claude.com/en/docs/about-claude/pricing
 * @see https://docs.claude.com/en/docs/build-with-claude/vision
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import type { Demand, ProviderTool } from "../../../core/money/demand.ts";
import { residencyPercent } from "../../../core/money/surcharge.ts";
import { serviceTier } from "../../../core/money/service-tier.ts";
import { unseenMedia, type MediaKind } from "../unseen-media.ts";

/** The largest picture that is not scaled down. */
const IMAGE_TOKENS_MAX = 5000;

/** Tools that the client runs, or that only look tools up. Their names end in a date. */
const CLIENT_TOOLS =
  /^(?:custom|bash|text_editor|computer|computer_toolset|browser_toolset|memory|tool_search_tool_\w+?)(?:_\d{8})?$/;
const BOUNDED_TOOLS = /^web_(?:search|fetch)_\d{8}$/;

export function messagesDemand(body: JsonObject): Demand {
  const media = unseenMedia([body["messages"] ?? null, body["system"] ?? null], mediaKind);
  const { tools, callsMax } = providerTools(body);
  return {
    tier: body["speed"] === "fast" ? "fast" : (serviceTier(body["service_tier"]) ?? "standard"),
    surcharge: residencyPercent(body["inference_geo"]) ?? 0,
    tools,
    toolCallsMax: callsMax,
    imageTokens: media.images * IMAGE_TOKENS_MAX,
    readsUnseen: media.unbounded || isPresent(body["container"]),
  };
}

/** The tools with `calls` written into those that take a bound and have none. */
export function boundedTools(body: JsonObject, calls: number): JsonValue | undefined {
  const { tools } = body;
  if (!isJsonArray(tools)) return undefined;
  return tools.map((tool) => {
    if (!isJsonObject(tool) || !BOUNDED_TOOLS.test(typeOf(tool))) return tool;
    return isPresent(tool["max_uses"]) ? tool : { ...tool, max_uses: calls };
  });
}

function providerTools(body: JsonObject): { tools: ProviderTool[]; callsMax: number | undefined } {
  const found = new Set<ProviderTool>();
  let callsMax: number | undefined = 0;
  const tools = body["tools"];
  for (const tool of isJsonArray(tools) ? tools : []) {
    if (!isJsonObject(tool)) continue;
    const type = typeOf(tool);
    if (type === "" || CLIENT_TOOLS.test(type)) continue;
    found.add(toolOf(type));
    const uses = BOUNDED_TOOLS.test(type) ? tool["max_uses"] : undefined;
    callsMax =
      typeof uses === "number" && callsMax !== undefined ? callsMax + Math.max(uses, 0) : undefined;
  }
  if (isPresent(body["mcp_servers"])) {
    found.add("other");
    callsMax = undefined;
  }
  return { tools: [...found], callsMax: found.size === 0 ? undefined : callsMax };
}

function toolOf(type: string): ProviderTool {
  if (type.startsWith("web_search_")) return "web_search";
  return type.startsWith("web_fetch_") ? "unbilled" : "other";
}

function typeOf({ type }: JsonObject): string {
  return typeof type === "string" ? type : "";
}

function mediaKind({ type, source }: JsonObject): MediaKind {
  if (type === "image") return "image";
  if (type === "container_upload") return "unbounded";
  if (type !== "document") return undefined;
  // Plain text is in the body and costs its bytes.
  return isJsonObject(source) && source["type"] === "text" ? undefined : "unbounded";
}

function isPresent(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}
