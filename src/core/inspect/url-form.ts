/** Forms as web pages send them by default: `card=4111+1111&note=a%20b`, each field by its name. */
import type { JsonValue } from "../json.ts";
import { isJsonObject } from "../json.ts";

export interface UrlForm {
  /** `[{ name: value }, …]`, as servers read them. */
  readonly value: readonly JsonValue[];
  /** The form again, of which only the changed fields are written anew. */
  rewritten(left: JsonValue): string;
}

/** More fields than any form has are looked at as they are written. */
const FIELDS_MAX = 4096;

/**
 * Undefined: too many fields.
 *
 * @see https://url.spec.whatwg.org/#urlencoded-parsing
 */
export function readUrlForm(text: string): UrlForm | undefined {
  const written = text.split("&", FIELDS_MAX + 1);
  if (written.length > FIELDS_MAX) return undefined;
  const value = written.map(fieldOf);
  return {
    value,
    rewritten(left) {
      const fields = Array.isArray(left) ? left : value;
      return written
        .map((one, i) => (isSame(fields[i], value[i]) ? one : fieldAsWritten(fields[i] ?? null)))
        .join("&");
    },
  };
}

/** Of one field, whoever read it. */
function isSame(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function fieldOf(written: string): JsonValue {
  const sign = written.indexOf("=");
  const end = sign < 0 ? written.length : sign;
  return Object.fromEntries([[decoded(written.slice(0, end)), decoded(written.slice(end + 1))]]);
}

function decoded(text: string): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

function fieldAsWritten(field: JsonValue): string {
  if (!isJsonObject(field)) return "";
  return Object.entries(field)
    .map(([name, value]) => `${encoded(name)}=${encoded(typeof value === "string" ? value : "")}`)
    .join("&");
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll("%20", "+");
}
