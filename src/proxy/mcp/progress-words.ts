/** A tool call that waits for a person tells its client so, where that asked for progress. */
import type { JsonValue } from "../../core/json.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { HeldWords } from "../wire.ts";

/**
 * Progress must go up from one notification to the next, also once the server itself reports some:
 * what is told here stays below anything that it could say first, but zero.
 */
const STEP = 1e-6;

const JSON_RPC = /^\s*\{\s*[\s\S]*"jsonrpc"/;

/** `refuse` renders the JSON-RPC answer of a refusal. */
export function progressWords(
  progressToken: JsonValue,
  refuse: (refusal: Refusal) => string,
): HeldWords {
  return {
    beat(review, count) {
      const message = `Waiting for a person's approval (review ${review})`;
      const params = { progressToken, progress: count * STEP, message };
      return eventOf(JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params }));
    },
    answer(status, body) {
      const text = body.toString();
      if (JSON_RPC.test(text)) return eventOf(text);
      const detail = `The server answered with status ${status} and no message.`;
      return eventOf(refuse({ code: "upstream_broken", detail }));
    },
    refusal: (refusal) => eventOf(refuse(refusal)),
  };
}

function eventOf(message: string): Uint8Array {
  const data = message.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return Buffer.from(`event: message\n${data.join("")}\n`);
}
