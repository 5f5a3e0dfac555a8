import { Type } from "typebox";
import type { Instant } from "../../core/units.ts";

export const TimeText = Type.String({ format: "date-time" });

/** Undefined stays undefined: JSON leaves the member out. */
export function timeText<T extends Instant | undefined>(at: T): string | (T & undefined);
export function timeText(at: Instant | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
