/**
 * One text per JSON value, and its SHA-256.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8785 JSON Canonicalization Scheme
 */
import { hash } from "node:crypto";

/** Levels that the fast path follows by recursion; deeper values take the path with a stack. */
const FAST_DEPTH_MAX = 200;

/**
 * The value's canonical text. Members that are `undefined` are left out, as JSON does. Lone
 * surrogates, on which the RFC gives up, stay escaped as `\udxxx`, so no two strings share a text.
 * Throws TypeError on what JSON cannot say: NaN, infinities, functions, symbols, bigints; on
 * nothing that came out of `JSON.parse`, however deep.
 */
export function canonicalJson(value: unknown): string {
  return isInOrder(value, FAST_DEPTH_MAX) ? JSON.stringify(value) : write(value);
}

/** SHA-256 of the value's canonical text. The caller's type says which brand of digest it is. */
export function digestOf<D extends string = string>(value: unknown): D {
  return sha256Hex<D>(canonicalJson(value));
}

/** Lower-case hex SHA-256 of bytes, or of a text in UTF-8. */
export function sha256Hex<D extends string = string>(content: string | Uint8Array): D {
  return hash("sha256", content, "hex") as D;
}

/** Whether `JSON.stringify` already gives the canonical text: keys sorted all the way down. */
function isInOrder(value: unknown, depthLeft: number): boolean {
  if (typeof value !== "object" || value === null) return isScalar(value);
  if (depthLeft === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isInOrder(item, depthLeft - 1));
  let before: string | undefined;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    // `<` compares UTF-16 code units, which is the order the RFC asks for.
    if (before !== undefined && key < before) return false;
    if (!isInOrder(member, depthLeft - 1)) return false;
    before = key;
  }
  return true;
}

function isScalar(value: unknown): true {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number" && Number.isFinite(value)) return true;
  throw new TypeError(`JSON cannot say this ${typeof value}`);
}

type Step =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly value: unknown };

/** Depth-first with a stack of its own, so that no depth of input overflows the machine's. */
function write(root: unknown): string {
  let out = "";
  const todo: Step[] = [{ kind: "value", value: root }];
  for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
    if (step.kind === "text") out += step.text;
    else if (typeof step.value === "object" && step.value !== null) unfold(step.value, todo);
    else if (isScalar(step.value)) out += JSON.stringify(step.value);
  }
  return out;
}

/** Pushes the parts of an object or array last first, so that they are popped in order. */
function unfold(value: object, todo: Step[]): void {
  if (Array.isArray(value)) {
    todo.push({ kind: "text", text: "]" });
    for (let index = value.length - 1; index >= 0; index -= 1) {
      todo.push({ kind: "value", value: value[index] });
      if (index > 0) todo.push({ kind: "text", text: "," });
    }
    todo.push({ kind: "text", text: "[" });
    return;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? 1 : -1));
  todo.push({ kind: "text", text: "}" });
  for (const [index, [key, member]] of members.entries()) {
    const comma = index === members.length - 1 ? "" : ",";
    todo.push({ kind: "value", value: member });
    todo.push({ kind: "text", text: `${comma}${JSON.stringify(key)}:` });
  }
  todo.push({ kind: "text", text: "{" });
}
