import type { JsonValue } from "../json.ts";

/** Longer than any model's name; a longer one is not looked up and not recorded. */
export const MODEL_NAME_MAX = 256;

/** A model as an upstream or a client named it, or `undefined` where that is no name. */
export function modelName(value: JsonValue | undefined): string | undefined {
  if (typeof value !== "string" || value === "" || value.length > MODEL_NAME_MAX) return undefined;
  return value;
}
