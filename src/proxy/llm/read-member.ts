/** Reads members that decide money or policy. Anything but what providers document is a problem. */
import type { JsonObject, JsonValue } from "../../core/json.ts";

/** More is refused: providers allow at most 128 answers to one prompt. */
const CHOICES_MAX = 1024;
const TOKENS_MAX = 2 ** 31;
const COUNT_MAX = 1_000_000;

/** A body on its way to being understood; the first problem is kept. */
export interface MemberReading {
  readonly body: JsonObject;
  problem: string | undefined;
}

export function stringMember(reading: MemberReading, key: string): string {
  const value = reading.body[key];
  if (typeof value === "string" && value !== "") return value;
  reading.problem ??= `"${key}" must be a string that is not empty`;
  return "";
}

export function booleanMember(reading: MemberReading, key: string): boolean {
  const value = reading.body[key];
  if (value === undefined || value === null || typeof value === "boolean") return value === true;
  reading.problem ??= `"${key}" must be true or false`;
  return false;
}

/** A token cap; `undefined` where the client set none. */
export function tokensMember(reading: MemberReading, key: string): number | undefined {
  return count(reading, key, reading.body[key], TOKENS_MAX);
}

/** A bound on how often something may happen; `undefined` where the client set none. */
export function countMember(reading: MemberReading, key: string): number | undefined {
  return count(reading, key, reading.body[key], COUNT_MAX);
}

/** A number of answers; 1 where the client named none. */
export function choicesMember(reading: MemberReading, key: string): number {
  return Math.max(count(reading, key, reading.body[key], CHOICES_MAX) ?? 1, 1);
}

function count(
  reading: MemberReading,
  key: string,
  value: JsonValue | undefined,
  max: number,
): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max) {
    return value;
  }
  reading.problem ??= `"${key}" must be a whole number from 0 to ${max}`;
  return undefined;
}

/** The larger cap where a body has two: the hold must cover whichever the provider obeys. */
export function larger(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.max(a, b);
}
