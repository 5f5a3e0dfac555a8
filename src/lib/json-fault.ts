/**
 * Finds the first place where a text is not strict JSON. Slower than `JSON.parse` and run only
 * after it, or the count of keys, has said no; V8's own message often lacks the position and may
 * quote the body, which must not reach a log.
 *
 * @see RFC 8259
 */

export interface JsonFault {
  /** One clause without a full stop; never quotes the text. */
  readonly message: string;
  /** UTF-16 units from the start. */
  readonly offset: number;
}

/** `at` moves on; a fault stops the walk and is carried up as the return value. */
interface Cursor {
  readonly text: string;
  at: number;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERALS = ["true", "false", "null"];
const SIMPLE_ESCAPES = '"\\/bfnrt';
const HEX4 = /[0-9a-fA-F]{4}/y;

export function findJsonFault(text: string, depthMax: number): JsonFault | undefined {
  const cursor: Cursor = { text, at: 0 };
  if (text.charCodeAt(0) === 0xfeff) return fault(cursor, "a byte order mark is not JSON");
  const found = faultInValue(cursor, depthMax);
  if (found !== undefined) return found;
  skipBlanks(cursor);
  return cursor.at < text.length ? fault(cursor, "unexpected text after the value") : undefined;
}

function faultInValue(cursor: Cursor, depthLeft: number): JsonFault | undefined {
  skipBlanks(cursor);
  const char = cursor.text.charAt(cursor.at);
  switch (char) {
    case "":
      return fault(cursor, "unexpected end");
    case '"':
      return faultInString(cursor);
    case "{":
    case "[":
      if (depthLeft === 0) return fault(cursor, "nested too deeply");
      return char === "{" ? faultInObject(cursor, depthLeft) : faultInArray(cursor, depthLeft);
    default:
      return faultInScalar(cursor);
  }
}

function faultInObject(cursor: Cursor, depthLeft: number): JsonFault | undefined {
  const seen = new Set<string>();
  cursor.at += 1;
  if (takes(cursor, "}")) return undefined;
  for (;;) {
    skipBlanks(cursor);
    const start = cursor.at;
    if (cursor.text[start] !== '"') return unexpected(cursor, "a key in double quotes");
    const badKey = faultInString(cursor);
    if (badKey !== undefined) return badKey;
    const key: string = JSON.parse(cursor.text.slice(start, cursor.at));
    if (seen.has(key)) return { message: "duplicate key", offset: start };
    seen.add(key);
    if (!takes(cursor, ":")) return unexpected(cursor, "a colon");
    const badValue = faultInValue(cursor, depthLeft - 1);
    if (badValue !== undefined) return badValue;
    if (takes(cursor, "}")) return undefined;
    if (!takes(cursor, ",")) return unexpected(cursor, "a comma or }");
  }
}

function faultInArray(cursor: Cursor, depthLeft: number): JsonFault | undefined {
  cursor.at += 1;
  if (takes(cursor, "]")) return undefined;
  for (;;) {
    const bad = faultInValue(cursor, depthLeft - 1);
    if (bad !== undefined) return bad;
    if (takes(cursor, "]")) return undefined;
    if (!takes(cursor, ",")) return unexpected(cursor, "a comma or ]");
  }
}

/** Leaves the cursor behind the closing quote. */
function faultInString(cursor: Cursor): JsonFault | undefined {
  const { text } = cursor;
  for (cursor.at += 1; cursor.at < text.length; cursor.at += 1) {
    const code = text.charCodeAt(cursor.at);
    if (code === 0x22) {
      cursor.at += 1;
      return undefined;
    }
    if (code < 0x20) return fault(cursor, "a control character in a string must be escaped");
    if (code === 0x5c && !skipsEscape(cursor))
      return fault(cursor, "an invalid escape in a string");
  }
  return fault(cursor, "unexpected end inside a string");
}

/** From the backslash to the escape's last character. */
function skipsEscape(cursor: Cursor): boolean {
  const next = cursor.text.charAt(cursor.at + 1);
  if (next === "u") {
    HEX4.lastIndex = cursor.at + 2;
    if (!HEX4.test(cursor.text)) return false;
    cursor.at += 5;
    return true;
  }
  if (next === "" || !SIMPLE_ESCAPES.includes(next)) return false;
  cursor.at += 1;
  return true;
}

function faultInScalar(cursor: Cursor): JsonFault | undefined {
  for (const literal of LITERALS) {
    if (!cursor.text.startsWith(literal, cursor.at)) continue;
    cursor.at += literal.length;
    return undefined;
  }
  NUMBER.lastIndex = cursor.at;
  const digits = NUMBER.exec(cursor.text)?.[0];
  if (digits === undefined) return unexpected(cursor, "a value");
  if (!Number.isFinite(Number(digits))) return fault(cursor, "a number out of range");
  cursor.at += digits.length;
  return undefined;
}

function takes(cursor: Cursor, char: string): boolean {
  skipBlanks(cursor);
  if (cursor.text[cursor.at] !== char) return false;
  cursor.at += 1;
  return true;
}

function skipBlanks(cursor: Cursor): void {
  for (; ; cursor.at += 1) {
    const code = cursor.text.charCodeAt(cursor.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
  }
}

function fault(cursor: Cursor, message: string): JsonFault {
  return { message, offset: cursor.at };
}

function unexpected(cursor: Cursor, wanted: string): JsonFault {
  const end = cursor.at >= cursor.text.length;
  return fault(cursor, end ? `unexpected end, expected ${wanted}` : `expected ${wanted}`);
}
