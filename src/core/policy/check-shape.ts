/** Checks a file against the schema and names every deviation with its place. */
import { closest } from "../../lib/closest.ts";
import { placeAt, type ProblemList, type SourceText } from "./source-text.ts";
import { describeNode, type YamlMap, type YamlNode, type YamlScalar } from "./yaml-node.ts";
import { impossible } from "../../lib/impossible.ts";

/** The part of JSON Schema that policy files use. */
export interface Shape {
  readonly type?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly anyOf?: readonly Shape[] | undefined;
  readonly properties?: Readonly<Record<string, Shape>> | undefined;
  readonly additionalProperties?: unknown;
  readonly required?: readonly string[] | undefined;
  readonly patternProperties?: Readonly<Record<string, Shape>> | undefined;
  readonly items?: Shape | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly description?: string | undefined;
  readonly examples?: unknown;
}

/** What a wrong key was probably meant to be, where no similar key exists. */
const KEY_HINTS: Readonly<Record<string, string>> = {
  says: "rules in prose come with a later version; write the condition as `when:`",
  action: "the key is `effect`",
  tool: "the key is `tools`, a list",
  model: "models stand in `llm: { models: [...] }`",
  models: "models stand in `llm: { models: [...] }`",
  upstreams: "upstreams stand in `llm:`, `http:` or `mcp:`",
  methods: "methods stand in `http:` or `mcp:`",
  paths: "paths stand in `http: { paths: [...] }`",
  condition: "the key is `when`",
  if: "the key is `when`",
  budget: "the key is `charge`",
};

export interface ShapeCheck {
  readonly source: SourceText;
  readonly list: ProblemList;
}

export function checkShape(node: YamlNode, shape: Shape, name: string, check: ShapeCheck): void {
  if (shape.anyOf !== undefined) return checkUnion(node, shape.anyOf, name, check);
  if (shape.enum !== undefined) return checkWord(node, shape.enum, name, check);
  if (shape.const !== undefined) return checkWord(node, [shape.const], name, check);
  if (shape.type === undefined) return;
  if (!fits(node, shape)) {
    const found =
      node.kind === "scalar" && node.value === null ? "is empty" : `is ${describeNode(node)}`;
    report(node, `${name} ${found}; it must be ${describe(shape)}`, exampleOf(shape), check);
    return;
  }
  switch (node.kind) {
    case "map":
      return checkMap(node, shape, name, check);
    case "list":
      checkCount(node, node.items.length, shape, name, check);
      for (const [i, item] of node.items.entries()) {
        checkShape(item, shape.items ?? {}, `${name}[${i}]`, check);
      }
      return;
    case "scalar":
      return checkBounds(node, shape, name, check);
    default:
      impossible(node);
  }
}

function checkUnion(
  node: YamlNode,
  shapes: readonly Shape[],
  name: string,
  check: ShapeCheck,
): void {
  const fitting = shapes.find((shape) => fits(node, shape));
  if (fitting !== undefined) return checkShape(node, fitting, name, check);
  const wanted = shapes.map(describe).join(" or ");
  report(node, `${name} is ${describeNode(node)}; it must be ${wanted}`, undefined, check);
}

function checkWord(
  node: YamlNode,
  words: readonly unknown[],
  name: string,
  check: ShapeCheck,
): void {
  if (node.kind === "scalar" && words.includes(node.value)) return;
  const known = words.map(String);
  const found = node.kind === "scalar" && node.value !== null ? node.source : describeNode(node);
  const near = closest(found, known);
  const help = near === undefined ? undefined : `did you mean ${near}?`;
  report(node, `${name} is ${found}; it must be ${oneOf(known)}`, help, check);
}

function oneOf(words: readonly string[]): string {
  return words.length > 1 ? `one of ${words.join(", ")}` : words.join("");
}

function checkMap(node: YamlMap, shape: Shape, name: string, check: ShapeCheck): void {
  if (shape.additionalProperties === true) return;
  const properties = shape.properties ?? {};
  const anyKey = Object.values(shape.patternProperties ?? {})[0];
  const present = new Set<string>();
  for (const { key, keyAt, value } of node.entries) {
    present.add(key);
    const known = Object.hasOwn(properties, key) ? properties[key] : anyKey;
    if (known === undefined) reportUnknownKey(key, keyAt, name, Object.keys(properties), check);
    else checkShape(value, known, key, check);
  }
  for (const key of shape.required ?? []) {
    if (present.has(key)) continue;
    const help = properties[key]?.description;
    report(node, `${name} lacks the key ${key}`, help, check);
  }
}

function reportUnknownKey(
  key: string,
  keyAt: number,
  name: string,
  known: readonly string[],
  { source, list }: ShapeCheck,
): void {
  const near = closest(key, known);
  const hint = Object.hasOwn(KEY_HINTS, key) ? KEY_HINTS[key] : undefined;
  const help = near === undefined ? hint : `did you mean ${near}?`;
  const message = `${name} has no key ${key}`;
  list.report(placeAt(source, keyAt), message, help ?? `known keys: ${known.join(", ")}`);
}

function checkCount(
  node: YamlNode,
  count: number,
  shape: Shape,
  name: string,
  check: ShapeCheck,
): void {
  const { minItems = 0, maxItems = Infinity } = shape;
  if (count < minItems) report(node, `${name} is an empty list`, exampleOf(shape), check);
  if (count > maxItems)
    report(node, `${name} has ${count} items; at most ${maxItems}`, undefined, check);
}

function checkBounds(node: YamlScalar, shape: Shape, name: string, check: ShapeCheck): void {
  const { value } = node;
  if (typeof value === "string") {
    const { minLength = 0, maxLength = Infinity } = shape;
    if (value.length < minLength) report(node, `${name} is empty`, exampleOf(shape), check);
    if (value.length > maxLength) {
      report(
        node,
        `${name} has ${value.length} characters; at most ${maxLength}`,
        undefined,
        check,
      );
    }
  }
  if (typeof value === "number") {
    const { minimum = -Infinity, maximum = Infinity } = shape;
    if (value < minimum || value > maximum) {
      report(node, `${name} is ${node.source}; it must be ${describe(shape)}`, undefined, check);
    }
  }
}

function fits(node: YamlNode, shape: Shape): boolean {
  if (shape.enum !== undefined) return node.kind === "scalar" && typeof node.value === "string";
  switch (shape.type) {
    case "object":
      return node.kind === "map";
    case "array":
      return node.kind === "list";
    case "integer":
      return node.kind === "scalar" && Number.isSafeInteger(node.value);
    default:
      return node.kind === "scalar" && typeof node.value === shape.type;
  }
}

function describe(shape: Shape): string {
  if (shape.enum !== undefined) return shape.enum.join(", ");
  switch (shape.type) {
    case "object":
      return "a map";
    case "array":
      return "a list";
    case "string":
      return "text";
    case "integer":
    case "number":
      return describeNumber(shape);
    default:
      return "true or false";
  }
}

function describeNumber({ type, minimum, maximum }: Shape): string {
  const kind = type === "integer" ? "a whole number" : "a number";
  if (minimum === undefined) return kind;
  return maximum === undefined
    ? `${kind} from ${minimum}`
    : `${kind} from ${minimum} to ${maximum}`;
}

function exampleOf(shape: Shape): string | undefined {
  if (!Array.isArray(shape.examples)) return undefined;
  const example: unknown = shape.examples[0];
  return `for example ${typeof example === "string" ? example : JSON.stringify(example)}`;
}

function report(
  node: YamlNode,
  message: string,
  suggestion: string | undefined,
  { source, list }: ShapeCheck,
): void {
  list.report(placeAt(source, node.at), message, suggestion);
}
