import type { JsonValue } from "../json.ts";

/** Characters of a string that cost as much as one value. */
const CHARS_PER_UNIT = 64;

/** Size of a value in values, long strings counting for more. Stops above `max`. */
export function valueUnits(value: JsonValue | undefined, max: number): number {
  let units = 0;
  const rest: (JsonValue | undefined)[] = [value];
  for (let top = rest.pop(); top !== undefined; top = rest.pop()) {
    units += 1;
    if (units > max) return units;
    if (typeof top === "string") units += top.length / CHARS_PER_UNIT;
    else if (typeof top === "object" && top !== null) {
      const members = Object.values<JsonValue>(top);
      if (members.length > max) return max + 1;
      for (const member of members) rest.push(member);
    }
  }
  return units;
}
