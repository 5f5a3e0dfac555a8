/** Reads one field of a record each. A record is outside input: nothing in it is trusted. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../json.ts";

/** Ends the reading of one record; never leaves `parseEntry`. */
export class MalformedRecord extends Error {
  constructor(field: string) {
    super(`malformed field ${field}`);
    this.name = "MalformedRecord";
  }
}

export function text(from: JsonObject, field: string): string {
  const value = from[field];
  if (typeof value !== "string") throw new MalformedRecord(field);
  return value;
}

export function number(from: JsonObject, field: string): number {
  const value = from[field];
  if (typeof value !== "number") throw new MalformedRecord(field);
  return value;
}

export function flag(from: JsonObject, field: string): boolean {
  const value = from[field];
  if (typeof value !== "boolean") throw new MalformedRecord(field);
  return value;
}

export function object(from: JsonObject, field: string): JsonObject {
  const value = from[field];
  if (!isJsonObject(value)) throw new MalformedRecord(field);
  return value;
}

/** One of a closed set of words. */
export function word<const W extends string>(
  from: JsonObject,
  field: string,
  words: readonly W[],
): W {
  const value = from[field];
  const known = words.find((candidate) => candidate === value);
  if (known === undefined) throw new MalformedRecord(field);
  return known;
}

/** A list whose absence means that it is empty. */
function list<T>(from: JsonObject, field: string, read: (item: JsonValue) => T): T[] {
  const value = from[field];
  if (value === undefined) return [];
  if (!isJsonArray(value)) throw new MalformedRecord(field);
  return value.map((item) => read(item));
}

export function texts(from: JsonObject, field: string): string[] {
  return list(from, field, (item) => {
    if (typeof item !== "string") throw new MalformedRecord(field);
    return item;
  });
}

export function objects<T>(from: JsonObject, field: string, read: (item: JsonObject) => T): T[] {
  return list(from, field, (item) => {
    if (!isJsonObject(item)) throw new MalformedRecord(field);
    return read(item);
  });
}

/** Undefined where the field is absent; a wrong one is malformed all the same. */
export function optional<T>(
  from: JsonObject,
  field: string,
  read: (from: JsonObject, field: string) => T,
): T | undefined {
  return from[field] === undefined ? undefined : read(from, field);
}
