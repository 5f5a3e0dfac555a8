/**
 * The string literals of a JSON text, in place: what reads or rewrites them leaves every other
 * byte, and every number's digits, as they were.
 */
export interface JsonString {
  /** Offsets of the literal with its quotes. */
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/** `undefined` if the text is not JSON. */
export function jsonStrings(text: string): readonly JsonString[] | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const found: JsonString[] = [];
  for (let start = text.indexOf('"'); start >= 0;) {
    const end = literalEnd(text, start);
    const plain = text.slice(start + 1, end - 1);
    found.push({ start, end, value: plain.includes("\\") ? unescape(text, start, end) : plain });
    start = text.indexOf('"', end);
  }
  return found;
}

/** `text` with the i-th literal replaced by `values[i]` where that differs. */
export function replaceJsonStrings(
  text: string,
  strings: readonly JsonString[],
  values: readonly string[],
): string {
  let out = "";
  let done = 0;
  for (let i = 0; i < strings.length; i += 1) {
    const literal = strings[i];
    const value = values[i];
    if (literal === undefined || value === undefined || value === literal.value) continue;
    out += text.slice(done, literal.start) + JSON.stringify(value);
    done = literal.end;
  }
  return out + text.slice(done);
}

function literalEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === 0x5c) i += 1;
    else if (unit === 0x22) return i + 1;
  }
  return text.length;
}

function unescape(text: string, start: number, end: number): string {
  const value: unknown = JSON.parse(text.slice(start, end));
  return typeof value === "string" ? value : "";
}
