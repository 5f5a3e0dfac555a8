/**
 * Reads one value of a JSON text by its path, as the text has it: `49.990` stays `49.990`. The text
 * was accepted by the strict parser before, so duplicate keys cannot hide a second value; this
 * reader still walks strictly and gives up on anything it does not expect.
 */
export type Path = readonly (string | number)[];

/** Levels a path may have, and segments of its text. */
const PATH_MAX = 16;

const STEP = /^(?:\.?([A-Za-z_]\w*)|\[(\d{1,6})\]|\["([^"\\]{1,128})"\])/;

/** `args.items[0].price` → `["args", "items", 0, "price"]`; undefined where it is no path. */
export function parsePath(text: string): Path | undefined {
  const path: (string | number)[] = [];
  let rest = text;
  while (rest !== "" && path.length <= PATH_MAX) {
    const match = STEP.exec(rest);
    if (match === null) return undefined;
    const [whole, name, index, key] = match;
    if (name !== undefined && whole.startsWith(".") === (path.length === 0)) return undefined;
    path.push(index === undefined ? (name ?? key ?? "") : Number(index));
    rest = rest.slice(whole.length);
  }
  return path.length > 1 && path.length <= PATH_MAX ? path : undefined;
}

/** The raw text of the value, quotes included for a string; undefined where there is none. */
export function readJsonPath(text: string, path: Path): string | undefined {
  let at = skipSpace(text, 0);
  for (const step of path) {
    const found = typeof step === "string" ? findKey(text, at, step) : findItem(text, at, step);
    if (found === undefined) return undefined;
    at = found;
  }
  const end = skipValue(text, at);
  return end === undefined ? undefined : text.slice(at, end);
}

function findKey(text: string, start: number, key: string): number | undefined {
  if (text[start] !== "{") return undefined;
  let at = skipSpace(text, start + 1);
  while (text[at] === '"') {
    const keyEnd = skipString(text, at);
    if (keyEnd === undefined) return undefined;
    const colon = skipSpace(text, keyEnd);
    if (text[colon] !== ":") return undefined;
    const value = skipSpace(text, colon + 1);
    if (isKey(text.slice(at, keyEnd), key)) return value;
    const next = afterValue(text, value);
    if (next === undefined) return undefined;
    at = next;
  }
  return undefined;
}

/** A key with escapes is compared by what it means. */
function isKey(raw: string, key: string): boolean {
  if (!raw.includes("\\")) return raw.length === key.length + 2 && raw.startsWith(key, 1);
  try {
    return JSON.parse(raw) === key;
  } catch {
    return false;
  }
}

function findItem(text: string, start: number, index: number): number | undefined {
  if (text[start] !== "[") return undefined;
  let at = skipSpace(text, start + 1);
  for (let i = 0; i < index; i += 1) {
    const next = afterValue(text, at);
    if (next === undefined) return undefined;
    at = next;
  }
  return text[at] === "]" ? undefined : at;
}

/** Where the next member starts after the value at `at`; undefined at the end of the container. */
function afterValue(text: string, at: number): number | undefined {
  const end = skipValue(text, at);
  if (end === undefined) return undefined;
  const comma = skipSpace(text, end);
  return text[comma] === "," ? skipSpace(text, comma + 1) : undefined;
}

/** Skips a value by its brackets, without recursion: the text is known to be JSON. */
function skipValue(text: string, start: number): number | undefined {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const char = text[at];
    if (char === '"') {
      const end = skipString(text, at);
      if (end === undefined) return undefined;
      at = end;
    } else if (char === "{" || char === "[") {
      depth += 1;
      at += 1;
    } else if (char === "}" || char === "]") {
      if (depth === 0) return undefined;
      depth -= 1;
      at += 1;
    } else if (depth === 0) {
      return skipAtom(text, at);
    } else {
      at += 1;
    }
    if (depth === 0) return at;
  }
  return undefined;
}

function skipAtom(text: string, start: number): number | undefined {
  let at = start;
  while (at < text.length && !' \t\r\n,:{}[]"'.includes(text.charAt(at))) at += 1;
  return at === start ? undefined : at;
}

function skipString(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at += 1;
    else if (code === 0x22) return at + 1;
  }
  return undefined;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\r\n".includes(text.charAt(at))) at += 1;
  return at;
}
