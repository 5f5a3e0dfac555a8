/**
 * Streams of InvokeModel: each chunk is an event of the model's own language.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
import { isJsonArray, isJsonObject, type JsonObject } from "../../../core/json.ts";
import { readMessagesEvents } from "../anthropic/messages-events.ts";
import type { EventReader } from "../event-reader.ts";
import { readChatEvents } from "../openai/chat-events.ts";
import type { TextParts } from "../text-parts.ts";
import type { AwsEventCodec } from "./aws-event-codec.ts";
import { bedrockFarewell } from "./bedrock-farewell.ts";
import { readConverseEvent } from "./converse-events.ts";

/** Text of models that stream one part: Titan, Llama, Claude before Messages, Cohere. */
const TEXTS = ["outputText", "generation", "completion", "text"] as const;
/** Nova names the event by the member it is in. */
const NOVA = ["contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop"] as const;
const METRICS = "amazon-bedrock-invocationMetrics";

export function readInvokeEvents(codec: AwsEventCodec): EventReader {
  const messages = readMessagesEvents();
  const chat = readChatEvents();
  let finished = false;
  return {
    isPlain: (event) => event[METRICS] === undefined && messages.isPlain(event),
    read(event, parts) {
      messages.read(event, parts);
      chat.read(event, parts);
      readOthers(event, parts);
      // Bedrock adds its counts to the last chunk.
      if (event[METRICS] !== undefined) {
        finished = true;
        parts.close();
      }
    },
    isUsageOnly: () => false,
    get finished() {
      return finished || messages.finished;
    },
    farewell: (refusal) => bedrockFarewell(codec, refusal),
  };
}

function readOthers(event: JsonObject, parts: TextParts): void {
  for (const key of TEXTS) parts.add("", key, event, key);
  for (const key of NOVA) {
    const inner = event[key];
    if (isJsonObject(inner)) readConverseEvent(inner, parts);
  }
  const { outputs } = event;
  if (!isJsonArray(outputs)) return;
  for (const [index, output] of outputs.entries()) {
    if (isJsonObject(output)) parts.add(`/outputs/${index}`, "text", output, "text");
  }
}
