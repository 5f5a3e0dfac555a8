/** Offsets of IANA zones, read from the runtime's own tables. */

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
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
  const local = new Map<string, number>();
  for (const { type, value } of formatOf(tz).formatToParts(whole)) local.set(type, Number(value));
  const of = (part: string): number => local.get(part) ?? 0;
  const day = Date.UTC(of("year"), of("month") - 1, of("day"));
  return day + of("hour") * HOUR_MS + of("minute") * MINUTE_MS + of("second") * SECOND_MS - whole;
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
