import { instant, type Instant } from "../core/units.ts";
import { wallMillis } from "../lib/clock.ts";

/** What every layer below is handed as its clock. */
export function now(): Instant {
  return instant(wallMillis());
}
