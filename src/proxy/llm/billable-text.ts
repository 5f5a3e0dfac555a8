/** The text of a request or an answer, for a count where its provider made none. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

/** Pictures and files as they stand in a body: not text, and counted apart. */
const INLINE_DATA = /^(?:data:|[A-Za-z0-9+/]{512})/;
/** Members of an answer that hold what the model said; the rest is about it. */
const ANSWERS = ["choices", "content", "output", "candidates", "message", "outputs"] as const;

/** Names count too: a tool's schema is made of them. */
export function requestText(body: JsonObject): string {
  const texts: string[] = [];
  gather(body, texts);
  return texts.join("\n");
}

export function answerText(answer: JsonObject): string {
  const texts: string[] = [];
  for (const key of ANSWERS) gather(answer[key], texts);
  return texts.join("\n");
}

/** `value` comes from the strict parser, which bounds its depth. */
function gather(value: JsonValue | undefined, texts: string[]): void {
  if (typeof value === "string") {
    if (!INLINE_DATA.test(value)) texts.push(value);
  } else if (isJsonArray(value)) {
    for (const item of value) gather(item, texts);
  } else if (isJsonObject(value)) {
    for (const key in value) {
      texts.push(key);
      gather(value[key], texts);
    }
  }
}
