import type { JsonObject } from "../../core/json.ts";
import type { DemoAnswer } from "./demo-answer.ts";

const RESPONSE_ID = "resp_demo";
const ITEM_ID = "msg_demo";
const CREATED = 1_767_225_600;

/** The Responses API's whole answer. */
export function responseObject(model: string, made: DemoAnswer, status: string): JsonObject {
  const { pieces, inputTokens } = made;
  const done = status === "completed";
  const usage = {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: pieces.length,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + pieces.length,
  };
  return {
    id: RESPONSE_ID,
    object: "response",
    created_at: CREATED,
    status,
    model,
    error: null,
    incomplete_details: null,
    output: done ? [item(pieces.join(""), "completed")] : [],
    parallel_tool_calls: true,
    usage: done ? usage : null,
  };
}

interface ResponseEvent extends JsonObject {
  readonly type: string;
}

/** The same answer as the events of its stream. */
export function responseEvents(model: string, made: DemoAnswer): readonly ResponseEvent[] {
  const text = made.pieces.join("");
  const place = { item_id: ITEM_ID, output_index: 0, content_index: 0 };
  const started = responseObject(model, made, "in_progress");
  const events: readonly ResponseEvent[] = [
    { type: "response.created", response: started },
    { type: "response.in_progress", response: started },
    { type: "response.output_item.added", output_index: 0, item: item(undefined, "in_progress") },
    { type: "response.content_part.added", ...place, part: part("") },
    ...made.pieces.map((delta) => ({ type: "response.output_text.delta", ...place, delta })),
    { type: "response.output_text.done", ...place, text },
    { type: "response.content_part.done", ...place, part: part(text) },
    { type: "response.output_item.done", output_index: 0, item: item(text, "completed") },
    { type: "response.completed", response: responseObject(model, made, "completed") },
  ];
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}

function item(text: string | undefined, status: string): JsonObject {
  const content = text === undefined ? [] : [part(text)];
  return { id: ITEM_ID, type: "message", status, role: "assistant", content };
}

function part(text: string): JsonObject {
  return { type: "output_text", text, annotations: [] };
}
