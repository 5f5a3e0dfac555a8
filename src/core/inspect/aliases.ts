/**
 * Names for personal data that is taken out: `[EMAIL_1]`, the same for the same value as long as a
 * session is remembered. What an entry with `restore` took out of a request becomes itself again in
 * the answer; names that other exchanges gave out never do, for their values are not this one's.
 */
import type { Inspections } from "../decision.ts";
import type { Principal } from "../principal.ts";
import type { Inspection } from "./inspection.ts";

/** The names of one session. */
export interface AliasBook {
  /** The number of a value among those of its kind, from 1; undefined: the book is full. */
  numberOf(kind: string, value: string): number | undefined;
}

/** Remembers books by session. */
export interface AliasBooks {
  of(principal: Principal): AliasBook;
}

/** The names in use in one exchange. */
export interface Aliases {
  /** The name that stands for the value; undefined: it has none and is taken out like any other. */
  nameOf(detector: string, value: string, restores: boolean): string | undefined;
  /** By name, the values that its answer may show again. */
  readonly restored: ReadonlyMap<string, string>;
}

const FAMILY = "pii.";
/** Longer values are no personal data that anybody wants back. */
const VALUE_UNITS_MAX = 256;

export function openAliases(book: AliasBook): Aliases {
  const restored = new Map<string, string>();
  return {
    restored,
    nameOf(detector, value, restores) {
      if (!detector.startsWith(FAMILY) || value.length > VALUE_UNITS_MAX) return undefined;
      const kind = detector.slice(FAMILY.length).toUpperCase();
      const number = book.numberOf(kind, spelledAlike(value));
      if (number === undefined) return undefined;
      const name = `[${kind}_${number}]`;
      if (restores && !restored.has(name)) restored.set(name, value);
      return name;
    },
  };
}

/** Case and grouping do not make another address, card or account. */
function spelledAlike(value: string): string {
  return value.toLowerCase().replaceAll(/[\s().-]/g, "");
}

/** Values named in one session. */
const VALUES_MAX = 1000;

export function openAliasBook(): AliasBook {
  const numbers = new Map<string, number>();
  const last = new Map<string, number>();
  return {
    numberOf(kind, value) {
      const key = `${kind} ${value}`;
      const known = numbers.get(key);
      if (known !== undefined || numbers.size >= VALUES_MAX) return known;
      const number = (last.get(kind) ?? 0) + 1;
      last.set(kind, number);
      numbers.set(key, number);
      return number;
    },
  };
}

/** The same rules for one exchange, with its names. */
export function withAliases(inspection: Inspection, aliases: Aliases): Inspection {
  return { ...inspection, plain: inspection.plain ?? inspection, aliases };
}

/**
 * What an exchange's answer is looked at for, once its request has been read; and what goes on being
 * asked, in a tunnel.
 */
export function answersWithAliases(inspections: Inspections, aliases: Aliases): Inspections {
  return {
    ...inspections,
    request: withAliases(inspections.request, aliases),
    response: withAliases(inspections.response, aliases),
    toolResult: withAliases(inspections.toolResult, aliases),
  };
}
