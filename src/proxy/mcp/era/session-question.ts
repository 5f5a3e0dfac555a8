import type { JsonObject } from "../../../core/json.ts";
import { randomToken } from "../../../lib/ids.ts";

const ELICITATION_BYTES = 12;

/** Sessions name each elicitation by URL; the stateless era has no such name. */
export function inSession(method: string, params: JsonObject): JsonObject {
  if (method !== "elicitation/create" || params["mode"] !== "url") return params;
  return { elicitationId: randomToken(ELICITATION_BYTES), ...params };
}
