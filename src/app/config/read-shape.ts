import type { JsonValue } from "../../core/json.ts";
import type { Problem } from "../../core/problem.ts";
import { impossible } from "../../lib/impossible.ts";
import { closest } from "../../lib/closest.ts";
import type { Place } from "../../core/policy/source-text.ts";
import type { ConfigList, ConfigMap, ConfigScalar, ConfigTree } from "./config-tree.ts";
import type {
  Effective,
  DecimalShape,
  IntegerShape,
  LeafShape,
  ListShape,
  ObjectShape,
  Shape,
  TextShape,
  UnionShape,
} from "./schema-shape.ts";

/** Where each value came from, by path (`listen.port`, `upstreams[0].url`). Absent: a default. */
export type Origins = Map<string, Place>;

/** One reading: what was wrong and where everything came from. */
export interface Reading {
  readonly problems: Problem[];
  readonly origins: Origins;
  /** Paths of values that were wrong or missing; others stand in for them. */
  readonly spoilt: Set<string>;
}

type Read = JsonValue | undefined;

/**
 * Reads a tree by a shape: checks it, fills defaults in, notes origins. What is wrong is replaced by
 * its default or by something of its type, so that the rest can be checked; `isEffective` says to
 * the type checker that the result is whole.
 */
export function readShape(shape: Shape, tree: ConfigTree | undefined, reading: Reading): unknown {
  return readAt(shape, tree, "", reading) ?? standIn(shape, "", reading);
}

export function isEffective<S extends Shape>(_shape: S, value: unknown): value is Effective<S> {
  return value !== undefined;
}

function readAt(shape: Shape, tree: ConfigTree | undefined, path: string, to: Reading): Read {
  if (tree === undefined || isNull(tree)) return readAbsent(shape, path, to);
  to.origins.set(path, tree.at);
  if ("anyOf" in shape) return readUnion(shape, tree, path, to);
  switch (shape.type) {
    case "object":
      return tree.kind === "map"
        ? readObject(shape, tree, path, to)
        : misfit(shape, tree, path, to);
    case "array":
      return tree.kind === "list" ? readList(shape, tree, path, to) : misfit(shape, tree, path, to);
    case "string":
    case "integer":
    case "number":
    case "boolean":
      return tree.kind === "scalar"
        ? readLeaf(shape, tree, path, to)
        : misfit(shape, tree, path, to);
    default:
      return impossible(shape);
  }
}

/** A key without a value (`agents:`) is a key that was left out. */
function isNull(tree: ConfigTree): boolean {
  return tree.kind === "scalar" && tree.value === null;
}

function readAbsent(shape: Shape, path: string, to: Reading): Read {
  if (!("default" in shape) || shape.default === undefined) return undefined;
  if ("type" in shape && shape.type === "object") return readProperties(shape, new Map(), path, to);
  return shape.default;
}

function readObject(shape: ObjectShape, tree: ConfigMap, path: string, to: Reading): Read {
  const given = new Map<string, ConfigTree>();
  for (const { key, at, value } of tree.entries) {
    if (Object.hasOwn(shape.properties, key)) given.set(key, value);
    else {
      report(to, at, ...unknownKey(key, path, shape));
      const meant = closest(key, Object.keys(shape.properties));
      if (meant !== undefined) to.spoilt.add(below(path, meant));
    }
  }
  for (const key of shape.required ?? []) {
    const value = given.get(key);
    if (value === undefined || isNull(value)) {
      report(to, tree.at, `${path || "the file"} lacks \`${key}\``, shape.properties[key]);
      to.spoilt.add(below(path, key));
    }
  }
  return readProperties(shape, given, path, to);
}

function readProperties(
  shape: ObjectShape,
  given: ReadonlyMap<string, ConfigTree>,
  path: string,
  to: Reading,
): Read {
  const value: Record<string, JsonValue> = {};
  for (const [key, property] of Object.entries(shape.properties)) {
    const at = below(path, key);
    const read = readAt(property, given.get(key), at, to);
    if (read !== undefined) value[key] = read;
    else if (shape.required?.includes(key) === true) value[key] = standIn(property, at, to);
  }
  return value;
}

function readList(shape: ListShape, tree: ConfigList, path: string, to: Reading): Read {
  if (tree.items.length > shape.maxItems) {
    report(to, tree.at, `${path} has more than ${shape.maxItems} entries`);
    to.spoilt.add(path);
    return [];
  }
  return tree.items.map((item, index) => {
    const at = `${path}[${index}]`;
    return readAt(shape.items, item, at, to) ?? standIn(shape.items, at, to);
  });
}

/** Something of the right type in the place of what is wrong; marked, so that nobody judges it. */
function standIn(shape: Shape, path: string, to: Reading): JsonValue {
  to.spoilt.add(path);
  if ("anyOf" in shape) {
    const [first] = shape.anyOf;
    return first === undefined ? null : standIn(first, path, to);
  }
  switch (shape.type) {
    case "object":
      return readProperties(shape, new Map(), path, to) ?? {};
    case "array":
      return [];
    case "string":
      return shape.enum?.[0] ?? "";
    case "integer":
      return shape.minimum;
    case "number":
      return "0";
    case "boolean":
      return false;
    default:
      return impossible(shape);
  }
}

function below(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function readUnion(shape: UnionShape, tree: ConfigTree, path: string, to: Reading): Read {
  const fitting = shape.anyOf.find((option) => kindOf(option) === tree.kind);
  return fitting === undefined ? misfit(shape, tree, path, to) : readAt(fitting, tree, path, to);
}

function kindOf(shape: Shape): ConfigTree["kind"] | undefined {
  if ("anyOf" in shape) return undefined;
  if (shape.type === "object") return "map";
  return shape.type === "array" ? "list" : "scalar";
}

function readLeaf(shape: LeafShape, tree: ConfigScalar, path: string, to: Reading): Read {
  switch (shape.type) {
    case "string":
      return readText(shape, tree, path, to);
    case "integer":
      return readInteger(shape, tree, path, to);
    case "number":
      return isDecimalOf(shape, tree) ? tree.text : misfit(shape, tree, path, to);
    case "boolean":
      return typeof tree.value === "boolean" ? tree.value : misfit(shape, tree, path, to);
    default:
      return impossible(shape);
  }
}

function isDecimalOf(shape: DecimalShape, { value, text }: ConfigScalar): boolean {
  if (typeof value !== "number" || !DECIMAL.test(text)) return false;
  if (value === 0) return shape.exclusiveMinimum === undefined;
  return value <= (shape.maximum ?? Infinity);
}

const DECIMAL = /^\d{1,15}(\.\d{1,15})?$/;
const TEXT_LENGTH_MAX = 4096;

function readText(shape: TextShape, tree: ConfigScalar, path: string, to: Reading): Read {
  const { value } = tree;
  if (typeof value !== "string" || value === "") return misfit(shape, tree, path, to);
  if (shape.enum !== undefined && !shape.enum.includes(value)) {
    const near = closest(value, shape.enum);
    const hint = near === undefined ? wanted(shape) : `did you mean \`${near}\`?`;
    report(to, tree.at, `${path} cannot be \`${value}\``, hint);
  } else if (shape.pattern !== undefined && !new RegExp(shape.pattern, "u").test(value)) {
    report(to, tree.at, `${path} is not well formed`, wanted(shape));
  } else if (value.length > (shape.maxLength ?? TEXT_LENGTH_MAX)) {
    report(to, tree.at, `${path} is too long`, wanted(shape));
  } else {
    return value;
  }
  to.spoilt.add(path);
  return shape.enum === undefined ? value : readAbsent(shape, path, to);
}

function readInteger(shape: IntegerShape, tree: ConfigScalar, path: string, to: Reading): Read {
  const { value } = tree;
  if (typeof value !== "number" || !Number.isInteger(value)) return misfit(shape, tree, path, to);
  if (value < shape.minimum || value > shape.maximum) {
    report(to, tree.at, `${path} cannot be ${value}`, wanted(shape));
    to.spoilt.add(path);
  }
  return value;
}

function misfit(shape: Shape, tree: ConfigTree, path: string, to: Reading): Read {
  const secret = "writeOnly" in shape;
  const found = tree.kind !== "scalar" ? `a ${tree.kind}` : secret ? "this" : asWritten(tree);
  report(to, tree.at, `${path || "the file"} cannot be ${found}`, wanted(shape));
  to.spoilt.add(path);
  return readAbsent(shape, path, to);
}

/** A number or a truth in quotes is a text, and looks right without them. */
function asWritten({ value, text }: ConfigScalar): string {
  const isQuoted = typeof value === "string" && /^(?:\d+|true|false)$/.test(text);
  return isQuoted ? `the text \`"${text}"\`` : `\`${text}\``;
}

function unknownKey(key: string, path: string, shape: ObjectShape): [string, string] {
  const keys = Object.keys(shape.properties);
  const near = closest(key, keys);
  const message = path === "" ? `unknown key \`${key}\`` : `unknown key \`${key}\` in ${path}`;
  const hint = near === undefined ? `known keys: ${keys.join(", ")}` : `did you mean \`${near}\`?`;
  return [message, hint];
}

/** One clause that says what the shape accepts. */
function wanted(shape: Shape): string {
  if ("anyOf" in shape) return shape.anyOf.map(wanted).join(", or ");
  switch (shape.type) {
    case "object":
      return `a map with ${Object.keys(shape.properties).join(", ")}`;
    case "array":
      return listWanted(shape);
    case "integer":
      return `a whole number from ${shape.minimum} to ${shape.maximum}`;
    case "number":
      return `a plain decimal number such as 2.50${boundsOf(shape)}`;
    case "boolean":
      return "true or false";
    case "string":
      return textWanted(shape);
    default:
      return impossible(shape);
  }
}

function textWanted({ enum: choices, examples, pattern }: TextShape): string {
  if (choices !== undefined) return `one of ${choices.join(", ")}`;
  if (examples !== undefined) return `such as ${examples.join(" or ")}`;
  return pattern === undefined ? "a text" : `a text that matches ${pattern}`;
}

/** Whoever writes a map there has given its entries names as keys. */
function listWanted({ items }: ListShape): string {
  const [key] = "type" in items && items.type === "object" ? (items.required ?? []) : [];
  return key === undefined ? "a list" : `a list, its entries begin with \`- ${key}: …\``;
}

function boundsOf({ exclusiveMinimum: above, maximum }: DecimalShape): string {
  return (
    (above === undefined ? "" : ", above 0") + (maximum === undefined ? "" : `, at most ${maximum}`)
  );
}

function report(to: Reading, at: Place, message: string, hint?: string | Shape): void {
  const suggestion = typeof hint === "object" ? `write ${wanted(hint)}` : hint;
  to.problems.push({ ...at, message, suggestion });
}
