/**
 * What is done about a JSON answer before its inspector judges it as a whole: a large one is looked
 * at in slices, of another a second opinion is asked.
 */
import { foresee, FORESEEN_BYTES_MIN, type Aside } from "../core/inspect/foresee.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import type { JsonValue } from "../core/json.ts";
import { nextTurn } from "../lib/next-turn.ts";

/** Undefined: small enough to be looked at in one go. */
export function foreseeJson(
  inspection: Inspection,
  bytes: Uint8Array,
  aside?: Aside,
): Promise<void> | undefined {
  const { rules, opinions } = inspection;
  const isLarge = bytes.length >= FORESEEN_BYTES_MIN;
  if (rules.length === 0 || (!isLarge && opinions === undefined)) return undefined;
  const value = parse(bytes);
  if (value === undefined) return undefined;
  return isLarge ? foresee(inspection, value, nextTurn, aside) : opinions?.form(inspection, value);
}

function parse(bytes: Uint8Array): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(new TextDecoder().decode(bytes));
    return value;
  } catch {
    return undefined;
  }
}
