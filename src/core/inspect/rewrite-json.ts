import { isJsonArray, isJsonObject, type JsonValue } from "../json.ts";
import { jsonPlaces } from "./json-places.ts";
import { jsonStrings, replaceJsonStrings } from "./json-strings.ts";

/**
 * The JSON text again, of which `left` is what policy leaves: only what was taken out is written
 * anew, so that every number keeps its digits. Where that cannot be done in place, all of it is.
 */
export function rewriteJson(text: string, left: JsonValue): string {
  const whole = JSON.stringify(left);
  const strings = jsonStrings(text);
  if (strings === undefined) return whole;
  const places = jsonPlaces(text, strings);
  const values = strings.map(({ value, isName }, i) => {
    const now = isName ? undefined : valueAt(left, places[i]);
    return typeof now === "string" ? now : value;
  });
  const out = replaceJsonStrings(text, strings, values);
  return JSON.stringify(JSON.parse(out)) === whole ? out : whole;
}

function valueAt(value: JsonValue, pointer: string | undefined): JsonValue | undefined {
  if (pointer === undefined) return undefined;
  let at: JsonValue | undefined = value;
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (isJsonArray(at)) at = at[Number(key)];
    else if (isJsonObject(at) && Object.hasOwn(at, key)) at = at[key];
    else return undefined;
  }
  return at;
}
