/**
 * Changes top-level members of a JSON object in its text and leaves every other byte as it was:
 * large integers, spacing and order survive, and nothing is stringified twice.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

export interface MemberEdit {
  readonly key: string;
  readonly value: JsonValue;
}

/** `text` must be strict JSON (no duplicate keys) that parses to `body`. */
export function setMembers(text: string, body: JsonObject, edits: readonly MemberEdit[]): string {
  const written = edits.map(({ key, value }) => [key, JSON.stringify(value)] as const);
  return spliceMembers(text, body, written);
}

/** As `setMembers`, with values that are JSON text already. */
export function spliceMembers(
  text: string,
  body: JsonObject,
  values: readonly (readonly [key: string, json: string])[],
): string {
  const inserted: string[] = [];
  const replaced = new Map<string, string>();
  for (const [key, written] of values) {
    if (Object.hasOwn(body, key)) replaced.set(key, written);
    else inserted.push(`${JSON.stringify(key)}:${written}`);
  }
  const kept = replaced.size === 0 ? text : replaceValues(text, replaced);
  if (inserted.length === 0) return kept;
  const brace = kept.indexOf("{") + 1;
  const comma = Object.keys(body).length === 0 ? "" : ",";
  return `${kept.slice(0, brace)}${inserted.join(",")}${comma}${kept.slice(brace)}`;
}

/** Sets what stands at a path of keys, and makes the objects on the way that are not there. */
export function setMemberAt(
  text: string,
  body: JsonObject,
  [key = "", ...rest]: readonly string[],
  json: string,
): string {
  if (rest.length === 0) return spliceMembers(text, body, [[key, json]]);
  const inner = body[key];
  const innerText = isJsonObject(inner) ? memberText(text, key) : undefined;
  const changed =
    innerText !== undefined && isJsonObject(inner)
      ? setMemberAt(innerText, inner, rest, json)
      : setMemberAt("{}", {}, rest, json);
  return spliceMembers(text, body, [[key, changed]]);
}

/** The object without these members; the same text where it has none of them. */
export function omitMembers(text: string, body: JsonObject, keys: readonly string[]): string {
  if (!keys.some((key) => Object.hasOwn(body, key))) return text;
  const kept = Object.keys(body).filter((key) => !keys.includes(key));
  return `{${kept.map((key) => `${JSON.stringify(key)}:${memberText(text, key)}`).join(",")}}`;
}

/** The text of one member's value, as it stands. */
export function memberText(text: string, key: string): string | undefined {
  for (const member of membersOf(text)) {
    if (member.key === key) return text.slice(member.start, member.end);
  }
  return undefined;
}

function replaceValues(text: string, values: ReadonlyMap<string, string>): string {
  let out = "";
  let copied = 0;
  for (const { key, start, end } of membersOf(text)) {
    const value = values.get(key);
    if (value === undefined) continue;
    out += text.slice(copied, start) + value;
    copied = end;
  }
  return out + text.slice(copied);
}

interface Member {
  readonly key: string;
  /** Of the value. */
  readonly start: number;
  readonly end: number;
}

function* membersOf(text: string): Generator<Member> {
  let at = afterBlanks(text, text.indexOf("{") + 1);
  while (text[at] === '"') {
    const keyEnd = afterString(text, at);
    const key: string = JSON.parse(text.slice(at, keyEnd));
    const start = afterBlanks(text, afterBlanks(text, keyEnd) + 1);
    const end = afterValue(text, start);
    yield { key, start, end };
    // Past the comma, or past the closing brace, where no quote follows.
    at = afterBlanks(text, afterBlanks(text, end) + 1);
  }
}

/** Brackets outside strings are counted; strings are skipped whole. */
function afterValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const char = text[at];
    if (char === '"') {
      at = afterString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (depth === 0 && (char === "," || char === "}" || isBlank(text, at))) return at;
    if (char === "{" || char === "[") depth += 1;
    at += 1;
    if ((char === "}" || char === "]") && (depth -= 1) === 0) return at;
  }
  return at;
}

function afterString(text: string, open: number): number {
  let quote = text.indexOf('"', open + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text[before] === "\\") before -= 1;
  return (at - before) % 2 === 0;
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text, at)) at += 1;
  return at;
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
