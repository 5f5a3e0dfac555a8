/**
 * Streams of the responses API. Text comes three times: as deltas, as `….done` with the whole part,
 * and in the final `response`; what was taken out of one is taken out of all.
 *
 * @see https://platform.openai.com/docs/api-reference/responses-streaming
 */
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { refusalMessage } from "../../refusals/refusal-message.ts";
import type { EventReader } from "../event-reader.ts";
import { sseEvent } from "../sse-event.ts";
import { indexIn } from "../text-parts.ts";

/** What agents act on when it is complete, and not before. */
const ACTED_ON = /arguments|input|code/;
const TERMINAL = new Set(["response.completed", "response.incomplete", "response.failed", "error"]);
const DELTA = ".delta";
const DONE = ".done";

/** Deltas whose only text is `delta`. Others are scanned whole as well. */
const PLAIN = new Set([
  "response.output_text.delta",
  "response.refusal.delta",
  "response.reasoning_text.delta",
  "response.reasoning_summary_text.delta",
  "response.function_call_arguments.delta",
  "response.custom_tool_call_input.delta",
  "response.mcp_call_arguments.delta",
  "response.code_interpreter_call_code.delta",
]);

export function readResponsesEvents(): EventReader {
  let finished = false;
  let response: JsonObject = {};
  let sequence = 0;
  return {
    isPlain: (event) => PLAIN.has(typeOf(event)),
    read(event, parts) {
      const type = typeOf(event);
      if (typeof event["sequence_number"] === "number") sequence = event["sequence_number"] + 1;
      if (isJsonObject(event["response"])) response = event["response"];
      if (type.endsWith(DELTA)) {
        const base = type.slice(0, -DELTA.length);
        const [item, name] = placeOf(base, event);
        if (ACTED_ON.test(base)) parts.addWhole(item, name, event, "delta");
        else parts.add(item, name, event, "delta");
      } else if (type.endsWith(DONE)) {
        parts.close(placeOf(type.slice(0, -DONE.length), event)[0]);
      } else if (TERMINAL.has(type)) {
        finished = true;
        parts.close();
      }
    },
    placeOf: placeInAnswer,
    isUsageOnly: () => false,
    get finished() {
      return finished;
    },
    farewell(refusal, exchange) {
      // Codex repeats the request six times for any code but this one, which it shows.
      const error = { code: "invalid_prompt", message: refusalMessage(refusal) };
      const { id = exchange, created_at = 0, model = "" } = response;
      const failed = { id, object: "response", created_at, model, status: "failed", error };
      const type = "response.failed";
      const body = { ...failed, incomplete_details: null, output: [], usage: null };
      return sseEvent(type, { type, sequence_number: sequence, response: body }, undefined);
    },
  };
}

function typeOf(event: JsonObject): string {
  const { type } = event;
  return typeof type === "string" ? type : "";
}

/** Members of an item that come in pieces, by the middle of their events' names. */
const OF_ITEM: ReadonlyMap<string, string> = new Map([
  ["response.function_call_arguments", "arguments"],
  ["response.mcp_call_arguments", "arguments"],
  ["response.custom_tool_call_input", "input"],
  ["response.code_interpreter_call_code", "code"],
]);

/** Where the whole answer would have what an event is about: the group that ends with it, a name. */
function placeOf(base: string, event: JsonObject): readonly [string, string] {
  const item = `/output/${indexIn(event, "output_index")}`;
  const member = OF_ITEM.get(base);
  if (member !== undefined) return [item, member];
  const isContent = event["content_index"] !== undefined;
  const inner = isContent ? "content" : "summary";
  const group = `${item}/${inner}/${indexIn(event, isContent ? "content_index" : "summary_index")}`;
  return TEXTS.has(base) ? [group, "text"] : [group, base.replace("response.", "")];
}

const TEXTS = new Set([
  "response.output_text",
  "response.reasoning_text",
  "response.reasoning_summary_text",
]);

/** What events hold whole: an item, a part of one, and its text once it is done. */
function placeInAnswer(event: JsonObject, pointer: string): string {
  const type = typeOf(event);
  const member = /^\/(item|part|text|arguments|input|code|refusal)(?=\/|$)/.exec(pointer)?.[1];
  if (member === undefined) return pointer;
  const item = `/output/${indexIn(event, "output_index")}`;
  if (member === "item") return item + pointer.slice("/item".length);
  const [group, name] = placeOf(type.slice(0, type.lastIndexOf(".")), event);
  return member === "part" ? group + pointer.slice("/part".length) : `${group}/${name}`;
}
