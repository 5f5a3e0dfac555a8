import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

const LISTED = ["tools", "prompts", "resources"] as const;

/**
 * What a server says of itself, with lists that may change: policy and pins change them, whether
 * the server does or not, and the gate says so on the client's stream.
 */
export function announceChanges(introduction: JsonObject): JsonObject {
  const { capabilities } = introduction;
  if (!isJsonObject(capabilities)) return introduction;
  const changing: Record<string, JsonValue> = {};
  for (const kind of LISTED) {
    const offered = capabilities[kind];
    if (!isJsonObject(offered) || offered["listChanged"] === true) continue;
    changing[kind] = { ...offered, listChanged: true };
  }
  if (Object.keys(changing).length === 0) return introduction;
  return { ...introduction, capabilities: { ...capabilities, ...changing } };
}
