/** What messages carry in `_meta` that tells where they belong. */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";

export const SUBSCRIPTION_KEY = "io.modelcontextprotocol/subscriptionId";

export function progressTokenOf(params: JsonObject | undefined): JsonValue | undefined {
  return metaOf(params)?.["progressToken"];
}

/** Of a notification's params, or of a result. */
export function subscriptionOf(holder: JsonObject | undefined): JsonValue | undefined {
  return metaOf(holder)?.[SUBSCRIPTION_KEY];
}

export function metaOf(holder: JsonObject | undefined): JsonObject | undefined {
  const meta = holder?.["_meta"];
  return isJsonObject(meta) ? meta : undefined;
}
