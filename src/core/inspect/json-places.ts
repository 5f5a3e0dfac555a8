import type { JsonString } from "./json-strings.ts";

/** What stands deeper, or under longer names, has no place of its own. */
const DEPTH_MAX = 32;
const PLACE_UNITS_MAX = 256;

interface Level {
  readonly prefix: string;
  /** Of the element at hand; -1 in an object. */
  index: number;
  /** Of the member at hand; undefined: a key comes next. */
  key: string | undefined;
}

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const CLOSE_OBJECT = 0x7d;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;

/**
 * By literal, numbers among them: the pointer to where it stands in the JSON text, and of a name the
 * pointer to its member. Undefined: it has none of its own.
 */
export function jsonPlaces(
  text: string,
  strings: readonly JsonString[],
): readonly (string | undefined)[] {
  const levels: Level[] = [];
  const places: (string | undefined)[] = [];
  /** Levels that are open beyond those that are kept. */
  let deeper = 0;
  let at = 0;
  for (const { start, end, value, spelled } of strings) {
    for (; at < start; at += 1) deeper = step(levels, deeper, text.charCodeAt(at));
    at = end;
    const level = levels.at(-1);
    if (deeper > 0 || level === undefined) places.push(undefined);
    else if (spelled) {
      // One item a unit, of which no comma was counted.
      level.index += value.length - 1;
      places.push(level.prefix);
    } else if (level.index < 0 && level.key === undefined) {
      level.key = value;
      places.push(placeIn(level));
    } else places.push(placeIn(level));
  }
  return places;
}

/** How many levels are too deep then. */
function step(levels: Level[], deeper: number, unit: number): number {
  switch (unit) {
    case OPEN_OBJECT:
    case OPEN_ARRAY: {
      const parent = levels.at(-1);
      const prefix = parent === undefined ? "" : placeIn(parent);
      if (deeper > 0 || levels.length === DEPTH_MAX || prefix === undefined) return deeper + 1;
      levels.push({ prefix, index: unit === OPEN_ARRAY ? 0 : -1, key: undefined });
      return 0;
    }
    case CLOSE_OBJECT:
    case CLOSE_ARRAY:
      if (deeper > 0) return deeper - 1;
      levels.pop();
      return 0;
    case COMMA: {
      const level = levels.at(-1);
      if (deeper > 0 || level === undefined) return deeper;
      if (level.index >= 0) level.index += 1;
      else level.key = undefined;
      return 0;
    }
    default:
      return deeper;
  }
}

function placeIn({ prefix, index, key }: Level): string | undefined {
  const name = index < 0 ? (key ?? "") : String(index);
  if (prefix.length + name.length >= PLACE_UNITS_MAX) return undefined;
  return `${prefix}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
