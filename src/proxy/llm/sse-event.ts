import type { JsonObject } from "../../core/json.ts";

const encoder = new TextEncoder();

/** One server-sent event with its blank line. */
export function sseEvent(
  event: string | undefined,
  json: JsonObject,
  id: string | undefined,
): Uint8Array {
  const named = event === undefined ? "" : `event: ${event}\n`;
  const numbered = id === undefined ? "" : `id: ${id}\n`;
  return encoder.encode(`${named}${numbered}data: ${JSON.stringify(json, withoutTokens)}\n\n`);
}

/** Members that spell out the answer token by token: the old text must not stay there. */
const TOKEN_LISTS = new Set(["logprobs", "logprobsResult"]);

/** For `JSON.stringify`, wherever an answer was redacted. */
export function withoutTokens(key: string, value: unknown): unknown {
  if (!TOKEN_LISTS.has(key)) return value;
  return Array.isArray(value) ? [] : null;
}
