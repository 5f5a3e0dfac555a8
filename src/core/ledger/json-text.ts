import { sha256Hex } from "../../lib/canonical-json.ts";

/** UTF-16 units of one recorded text. Longer ones keep their start and a digest of the whole. */
export const TEXT_MAX = 512;

/** Rules, approvers, marks, conditions, holds or query names kept in one record. */
export const NAMES_MAX = 64;

/** A string as JSON, bounded: clients choose names, paths and sessions, the ledger's size not. */
export function quote(text: string): string {
  return JSON.stringify(clipped(text));
}

/** A text as records keep it. */
export function clipped(text: string): string {
  return text.length > TEXT_MAX ? clip(text) : text;
}

/** A number as JSON. What is not a number is `null`, so that a bug elsewhere costs no record. */
export function digits(value: number): string {
  return Number.isFinite(value) ? `${value}` : "null";
}

/** The first `max` items as a JSON array. */
export function list<T>(items: readonly T[], max: number, write: (item: T) => string): string {
  if (items.length === 0) return "[]";
  let out = "[";
  const count = Math.min(items.length, max);
  for (const item of items.slice(0, count)) {
    if (out.length > 1) out += ",";
    out += write(item);
  }
  return `${out}]`;
}

function clip(text: string): string {
  return `${text.slice(0, TEXT_MAX)}…sha256:${sha256Hex(text)}`;
}

/** Whether a recorded text is the start of a longer one. */
export function isClipped(text: string): boolean {
  return text.length > TEXT_MAX && CLIPPED.test(text);
}

const CLIPPED = /…sha256:[0-9a-f]{64}$/u;
