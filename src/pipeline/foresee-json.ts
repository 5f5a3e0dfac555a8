/** A large JSON answer, looked at in slices before its inspector judges it as a whole. */
import { foresee, FORESEEN_BYTES_MIN } from "../core/inspect/foresee.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import type { JsonValue } from "../core/json.ts";
import { nextTurn } from "../lib/next-turn.ts";

/** Undefined: small enough to be looked at in one go. */
export function foreseeJson(inspection: Inspection, bytes: Uint8Array): Promise<void> | undefined {
  if (bytes.length < FORESEEN_BYTES_MIN || inspection.rules.length === 0) return undefined;
  const value = parse(bytes);
  return value === undefined ? undefined : foresee(inspection, value, nextTurn);
}

function parse(bytes: Uint8Array): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(new TextDecoder().decode(bytes));
    return value;
  } catch {
    return undefined;
  }
}
