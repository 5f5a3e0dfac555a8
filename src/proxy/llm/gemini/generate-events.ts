/** @see https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { wireError } from "../../refusals/render-refusal.ts";
import { refusalStatus } from "../../refusals/refusal-status.ts";
import type { EventReader } from "../event-reader.ts";
import { sseEvent } from "../sse-event.ts";
import { indexIn, type TextParts } from "../text-parts.ts";

/** Members without text of the model; anything else makes the event one that is scanned whole. */
const EVENT = new Set(["candidates", "usageMetadata", "modelVersion", "responseId", "createTime"]);
const CANDIDATE = new Set(["index", "content", "finishReason", "safetyRatings", "tokenCount"]);
const PART = new Set(["text", "thought", "thoughtSignature"]);

export function readGenerateEvents(): EventReader {
  let finished = false;
  return {
    isPlain(event) {
      for (const key in event) if (!EVENT.has(key)) return false;
      const candidates = event["candidates"];
      return candidates === undefined || (isJsonArray(candidates) && candidates.every(isPlainOne));
    },
    read(event, parts) {
      const { candidates, promptFeedback } = event;
      // A prompt that was blocked has no answer to wait for.
      finished ||=
        isJsonObject(promptFeedback) && typeof promptFeedback["blockReason"] === "string";
      if (!isJsonArray(candidates)) return;
      for (const candidate of candidates) {
        if (!isJsonObject(candidate)) continue;
        const group = `/candidates/${indexIn(candidate, "index")}`;
        for (const part of partsOf(candidate)) readPart(group, part, parts);
        if (typeof candidate["finishReason"] !== "string") continue;
        finished = true;
        parts.close(group);
      }
    },
    isUsageOnly: () => false,
    get finished() {
      return finished;
    },
    farewell(refusal) {
      const error = wireError("gemini", refusalStatus("gemini", refusal), refusal);
      return sseEvent(undefined, { error }, undefined);
    },
  };
}

function isPlainOne(candidate: JsonValue): boolean {
  if (!isJsonObject(candidate)) return false;
  for (const key in candidate) if (!CANDIDATE.has(key)) return false;
  return partsOf(candidate).every(isPlainPart);
}

function isPlainPart(part: JsonObject): boolean {
  for (const key in part) if (!PART.has(key)) return false;
  return true;
}

function partsOf(candidate: JsonObject): readonly JsonObject[] {
  const { content } = candidate;
  const parts = isJsonObject(content) ? content["parts"] : undefined;
  return isJsonArray(parts) ? parts.filter(isJsonObject) : [];
}

/** The first of them, whichever it is in the end. */
const PARTS = "content/parts/0";

/** Parts of one kind are one text to the client, whatever event they come in. */
function readPart(group: string, part: JsonObject, parts: TextParts): void {
  parts.add(group, `${PARTS}/${part["thought"] === true ? "thought" : "text"}`, part, "text");
  const call = part["functionCall"];
  const pieces = isJsonObject(call) ? call["partialArgs"] : undefined;
  if (!isJsonArray(pieces)) return;
  for (const piece of pieces) {
    if (isJsonObject(piece))
      parts.addWhole(group, `${PARTS}/functionCall/args`, piece, "stringValue");
  }
}
