/** Members of a vault's JSON. The MAC has proved that we wrote it; these find other versions of us. */
import { isJsonArray, type JsonObject } from "../../core/json.ts";
import { instant, type Instant } from "../../core/units.ts";
import { VaultFault } from "./vault-fault.ts";

export function textOf(object: JsonObject, key: string): string {
  const value = object[key];
  if (typeof value !== "string") throw malformed(key);
  return value;
}

export function textsOf(object: JsonObject, key: string): readonly string[] {
  const value = object[key];
  if (!isJsonArray(value)) throw malformed(key);
  return value.map((one) => {
    if (typeof one !== "string") throw malformed(key);
    return one;
  });
}

export function countOf(object: JsonObject, key: string): number {
  const value = object[key];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw malformed(key);
  return value;
}

/** ISO 8601. */
export function timeOf(object: JsonObject, key: string): Instant {
  const at = Date.parse(textOf(object, key));
  if (!Number.isSafeInteger(at) || at < 0) throw malformed(key);
  return instant(at);
}

export function timeText(at: Instant): string {
  return new Date(at).toISOString();
}

export function malformed(key: string): VaultFault {
  return new VaultFault(`the vault file has no valid ${key}`);
}
