/**
 * Streams of chat completions and of the older completions, with what compatible servers add.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { wireError } from "../../refusals/render-refusal.ts";
import { refusalStatus } from "../../refusals/refusal-status.ts";
import type { EventReader } from "../event-reader.ts";
import { sseEvent } from "../sse-event.ts";
import { indexIn, type TextParts } from "../text-parts.ts";

/** Members without text of the model; anything else makes the event one that is scanned whole. */
const EVENT = new Set([
  "id",
  "object",
  "created",
  "model",
  "choices",
  "usage",
  "system_fingerprint",
  "service_tier",
  "obfuscation",
]);
const CHOICE = new Set(["index", "delta", "text", "finish_reason", "logprobs", "stop_reason"]);
const TEXTS = new Set(["content", "refusal", "reasoning_content", "reasoning"]);
const DELTA = new Set(["role", "tool_calls", "function_call", "audio", ...TEXTS]);

export function readChatEvents(): EventReader {
  let finished = false;
  return {
    isPlain(event) {
      if (!hasOnly(event, EVENT)) return false;
      const choices = event["choices"];
      return isJsonArray(choices) && choices.every(isPlainChoice);
    },
    read(event, parts) {
      const choices = event["choices"];
      // Some servers count on in every chunk: that count is the bill only once the answer ends.
      if (isJsonObject(event["usage"]) && isLast(choices)) finished = true;
      if (!isJsonArray(choices)) return;
      for (const choice of choices) if (isJsonObject(choice)) readChoice(choice, parts);
    },
    placeOf: placeInAnswer,
    isUsageOnly(event) {
      const choices = event["choices"];
      return isJsonObject(event["usage"]) && isJsonArray(choices) && choices.length === 0;
    },
    get finished() {
      return finished;
    },
    farewell(refusal) {
      const error = wireError("openai", refusalStatus("openai", refusal), refusal);
      return sseEvent(undefined, { error }, undefined);
    },
  };
}

/** The choice by its own number, and its `delta` as the message that it becomes. */
function placeInAnswer({ choices }: JsonObject, pointer: string): string {
  const [, at, rest = ""] = /^\/choices\/(\d+)(.*)$/s.exec(pointer) ?? [];
  const choice = isJsonArray(choices) ? choices[Number(at)] : undefined;
  if (!isJsonObject(choice)) return pointer;
  return `/choices/${indexIn(choice, "index")}${rest.replace(/^\/delta(?=\/|$)/, "/message")}`;
}

/** No choice goes on after it. */
function isLast(choices: JsonValue | undefined): boolean {
  if (!isJsonArray(choices)) return true;
  return choices.every((one) => isJsonObject(one) && typeof one["finish_reason"] === "string");
}

function isPlainChoice(choice: JsonValue): boolean {
  if (!isJsonObject(choice) || !hasOnly(choice, CHOICE)) return false;
  const { delta } = choice;
  if (delta === undefined || delta === null) return true;
  if (!isJsonObject(delta)) return false;
  for (const key in delta) {
    if (!DELTA.has(key)) return false;
    const member = delta[key];
    if (TEXTS.has(key) && typeof member === "object" && member !== null) return false;
  }
  return true;
}

function hasOnly(object: JsonObject, known: ReadonlySet<string>): boolean {
  for (const key in object) if (!known.has(key)) return false;
  return true;
}

const FIRST_CHOICE = "/choices/0";

function readChoice(choice: JsonObject, parts: TextParts): void {
  const index = indexIn(choice, "index");
  const group = index === 0 ? FIRST_CHOICE : `/choices/${index}`;
  const { delta } = choice;
  parts.add(group, "text", choice, "text");
  if (isJsonObject(delta)) readDelta(group, delta, parts);
  if (typeof choice["finish_reason"] === "string") parts.close(group);
}

function readDelta(group: string, delta: JsonObject, parts: TextParts): void {
  for (const key in delta) if (TEXTS.has(key)) parts.add(group, IN_MESSAGE + key, delta, key);
  const { content, audio } = delta;
  if (isJsonArray(content)) {
    for (const item of content)
      if (isJsonObject(item)) parts.add(group, "message/content", item, "text");
  }
  if (isJsonObject(audio)) parts.add(group, "message/audio/transcript", audio, "transcript");
  const legacy = delta["function_call"];
  if (isJsonObject(legacy))
    parts.addWhole(group, "message/function_call/arguments", legacy, "arguments");
  const calls = delta["tool_calls"];
  if (!isJsonArray(calls)) return;
  for (const call of calls) if (isJsonObject(call)) readCall(group, call, parts);
}

/** Where the whole answer would have it: exceptions name places, however the answer comes. */
const IN_MESSAGE = "message/";

/** Held until complete: half a tool call must not be acted on. */
function readCall(group: string, call: JsonObject, parts: TextParts): void {
  const name = `message/tool_calls/${indexIn(call, "index")}`;
  const { custom } = call;
  const named = call["function"];
  if (isJsonObject(named)) parts.addWhole(group, `${name}/function/arguments`, named, "arguments");
  if (isJsonObject(custom)) parts.addWhole(group, `${name}/custom/input`, custom, "input");
}
