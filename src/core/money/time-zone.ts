/** Offsets of IANA zones, read from the runtime's own tables. */

const SECOND_MS = 1000;
/** Zones named by the policies in force; far below the number that exist. */
const ZONES_MAX = 600;

const formats = new Map<string, Intl.DateTimeFormat>();

export function hasTimeZone(tz: string): boolean {
  try {
    return formatOf(tz) !== undefined;
  } catch {
    return false;
  }
}

/** Local time minus UTC in milliseconds. Throws RangeError for a zone that does not exist. */
export function offsetAt(tz: string, at: number): number {
  if (tz === "UTC") return 0;
  const whole = Math.floor(at / SECOND_MS) * SECOND_MS;
  const local = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  for (const part of formatOf(tz).formatToParts(whole)) {
    if (part.type in local) local[part.type as keyof typeof local] = Number(part.value);
  }
  const { year, month, day, hour, minute, second } = local;
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
}

function formatOf(tz: string): Intl.DateTimeFormat {
  const known = formats.get(tz);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: tz,
    hourCycle: "h23",
    calendar: "gregory",
    numberingSystem: "latn",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  if (formats.size >= ZONES_MAX) formats.clear();
  formats.set(tz, format);
  return format;
}
