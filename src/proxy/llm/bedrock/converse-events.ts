/**
 * Streams of Converse. An event's name is in its message's header; its members tell it apart too.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import type { EventReader } from "../event-reader.ts";
import { indexIn, type TextParts } from "../text-parts.ts";
import type { AwsEventCodec } from "./aws-event-codec.ts";
import { bedrockFarewell } from "./bedrock-farewell.ts";

/** Padding against length analysis, and members that hold no text of the model. */
const EVENT = new Set([
  "p",
  "role",
  "contentBlockIndex",
  "delta",
  "stopReason",
  "usage",
  "metrics",
  "serviceTier",
  "performanceConfig",
]);
const DELTA = new Set(["text", "toolUse", "reasoningContent"]);

export function readConverseEvents(codec: AwsEventCodec): EventReader {
  let finished = false;
  return {
    isPlain(event) {
      for (const key in event) if (!EVENT.has(key)) return false;
      return isPlainDelta(event["delta"]);
    },
    read(event, parts) {
      readConverseEvent(event, parts);
      if (isJsonObject(event["usage"])) finished = true;
    },
    isUsageOnly: () => false,
    get finished() {
      return finished;
    },
    farewell: (refusal) => bedrockFarewell(codec, refusal),
  };
}

/** Also what Nova says through InvokeModel, where each event is inside a member of its name. */
export function readConverseEvent(event: JsonObject, parts: TextParts): void {
  const group = `/output/message/content/${indexIn(event, "contentBlockIndex")}`;
  const { delta } = event;
  if (isJsonObject(delta)) readDelta(group, delta, parts);
  else if (event["stopReason"] !== undefined) parts.close();
  else if (event["contentBlockIndex"] !== undefined && event["start"] === undefined) {
    parts.close(group);
  }
}

const IN_REASONING = "reasoningContent/reasoningText/text";

function readDelta(group: string, delta: JsonObject, parts: TextParts): void {
  const { toolUse, reasoningContent } = delta;
  parts.add(group, "text", delta, "text");
  if (isJsonObject(toolUse)) parts.addWhole(group, "toolUse/input", toolUse, "input");
  if (isJsonObject(reasoningContent)) parts.add(group, IN_REASONING, reasoningContent, "text");
}

function isPlainDelta(delta: JsonValue | undefined): boolean {
  if (delta === undefined) return true;
  if (!isJsonObject(delta)) return false;
  for (const key in delta) if (!DELTA.has(key)) return false;
  return true;
}
