/**
 * JSON that two readers cannot read differently: UTF-8 without a byte order mark, no duplicate
 * keys, no number beyond the range of a double, bounded depth. One `JSON.parse`; duplicates are
 * found by counting the keys in the text against the keys in the tree.
 */
import { findJsonFault } from "./json-fault.ts";

/** Deeper nesting is refused: no honest request comes near it, and walkers may recurse. */
export const JSON_DEPTH_MAX = 256;

/** The same shape as core's `JsonValue`; a leaf imports no domain. */
type Json = string | number | boolean | null | readonly Json[] | JsonMembers;

interface JsonMembers {
  readonly [key: string]: Json;
}

export type JsonReading =
  /** `text` is the whole input, decoded. */
  | { readonly kind: "ok"; readonly value: Json; readonly text: string }
  /** Offset in UTF-16 units, line and column from 1; all undefined where the bytes are no text. */
  | {
      readonly kind: "problem";
      readonly message: string;
      readonly offset: number | undefined;
      readonly line: number | undefined;
      readonly column: number | undefined;
    };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function parseStrictJson(bytes: Uint8Array, depthMax: number = JSON_DEPTH_MAX): JsonReading {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    const message = "the body is not valid UTF-8";
    return { kind: "problem", message, offset: undefined, line: undefined, column: undefined };
  }
  return parseStrictJsonText(text, depthMax);
}

export function parseStrictJsonText(text: string, depthMax: number = JSON_DEPTH_MAX): JsonReading {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return problemIn(text, depthMax);
  }
  if (keysInTree(value, depthMax) !== keysInText(text)) return problemIn(text, depthMax);
  return { kind: "ok", value, text };
}

/** Infinity where the tree is too deep or holds a number out of range, which no text can match. */
function keysInTree(value: Json, depthLeft: number): number {
  if (typeof value === "number") return Number.isFinite(value) ? 0 : Infinity;
  if (typeof value !== "object" || value === null) return 0;
  if (depthLeft === 0) return Infinity;
  return isArray(value) ? keysInArray(value, depthLeft) : keysInObject(value, depthLeft);
}

function keysInArray(items: readonly Json[], depthLeft: number): number {
  let keys = 0;
  for (const item of items) keys += keysInTree(item, depthLeft - 1);
  return keys;
}

/** `for…in` is a quarter of `Object.values` here; a parsed object inherits no enumerable key. */
function keysInObject(object: JsonMembers, depthLeft: number): number {
  let keys = 0;
  for (const key in object) {
    const member = object[key];
    keys += 1;
    if (typeof member === "number" || typeof member === "object") {
      keys += keysInTree(member, depthLeft - 1);
    }
  }
  return keys;
}

function isArray(value: readonly Json[] | JsonMembers): value is readonly Json[] {
  return Array.isArray(value);
}

/** In valid JSON a string before a colon is a key. Hops from quote to quote. */
function keysInText(text: string): number {
  let keys = 0;
  let open = text.indexOf('"');
  while (open !== -1) {
    const close = closingQuote(text, open + 1);
    if (isColonNext(text, close + 1)) keys += 1;
    open = text.indexOf('"', close + 1);
  }
  return keys;
}

function closingQuote(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === 0x5c) before -= 1;
  return (at - before) % 2 === 0;
}

function isColonNext(text: string, from: number): boolean {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x3a) return true;
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return false;
    at += 1;
  }
}

/** The slow way, for refusals only: where exactly is it wrong? */
function problemIn(text: string, depthMax: number): JsonReading {
  const fault = findJsonFault(text, depthMax);
  const { message, offset } = fault ?? { message: "the body is not valid JSON", offset: 0 };
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  return { kind: "problem", message, offset, line, column };
}
