/** @see https://docs.anthropic.com/en/docs/build-with-claude/streaming */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { wireError } from "../../refusals/render-refusal.ts";
import { refusalStatus } from "../../refusals/refusal-status.ts";
import type { EventReader } from "../event-reader.ts";
import { sseEvent } from "../sse-event.ts";
import { indexIn, type TextParts } from "../text-parts.ts";

/** Events whose text, if they have any, `read` takes out. Others are scanned whole. */
const PLAIN = new Set(["message_delta", "message_stop", "content_block_stop", "ping"]);
const PLAIN_DELTAS = new Set<JsonValue | undefined>([
  "text_delta",
  "thinking_delta",
  "input_json_delta",
  "signature_delta",
]);

export function readMessagesEvents(): EventReader {
  let finished = false;
  return {
    isPlain({ type, delta }) {
      if (typeof type !== "string") return false;
      if (type === "content_block_delta") return isJsonObject(delta) && isPlainDelta(delta);
      return PLAIN.has(type);
    },
    read(event, parts) {
      const { type, delta } = event;
      const block = event["content_block"];
      if (type === "content_block_start" && isJsonObject(block)) {
        readTexts(groupOf(event), block, parts);
      } else if (type === "content_block_delta" && isJsonObject(delta)) {
        readTexts(groupOf(event), delta, parts);
      } else if (type === "content_block_stop") {
        parts.close(groupOf(event));
      } else if (type === "message_stop") {
        finished = true;
        parts.close();
      }
    },
    placeOf: (event, pointer) => pointer.replace(IN_BLOCK, groupOf(event)),
    isUsageOnly: () => false,
    get finished() {
      return finished;
    },
    farewell(refusal, exchange) {
      const error = wireError("anthropic", refusalStatus("anthropic", refusal), refusal);
      return sseEvent("error", { type: "error", error, request_id: exchange }, undefined);
    },
  };
}

/** A block, or a piece of one; `message_start` has the message around its blocks. */
const IN_BLOCK = /^\/(?:content_block|delta)(?=\/|$)/;

function isPlainDelta(delta: JsonObject): boolean {
  return PLAIN_DELTAS.has(delta["type"]);
}

function groupOf(event: JsonObject): string {
  return `/content/${indexIn(event, "index")}`;
}

/** Of a block's start or a delta; a tool's input is held until its block ends. */
function readTexts(group: string, holder: JsonObject, parts: TextParts): void {
  parts.add(group, "text", holder, "text");
  parts.add(group, "thinking", holder, "thinking");
  parts.addWhole(group, "input", holder, "partial_json");
}
