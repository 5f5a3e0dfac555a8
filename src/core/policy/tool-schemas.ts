/** What pinned tools take, and whether a condition reads what none of them has. */
import { closest } from "../../lib/closest.ts";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { matchesAnyName, nameGlob } from "./glob.ts";

/** Input schemas by `upstream.tool`; several where credentials are shown different ones. */
export type ToolSchemas = ReadonlyMap<string, readonly JsonObject[]>;

export const NO_SCHEMAS: ToolSchemas = new Map();

/** A member of the arguments that a condition reads: `args.to.name`. */
export interface ArgumentPath {
  readonly names: readonly string[];
  /** UTF-16 offset of each name in the expression. */
  readonly at: readonly number[];
}

export interface UnknownArgument {
  readonly at: number;
  readonly message: string;
  readonly suggestion: string | undefined;
}

/**
 * Paths that no selected tool knows. Nothing is said where a tool that is not pinned yet might be
 * meant: then nobody knows all arguments.
 */
export function unknownArguments(
  globs: readonly string[],
  paths: readonly ArgumentPath[],
  tools: ToolSchemas,
): readonly UnknownArgument[] {
  if (paths.length === 0 || !globs.every((glob) => isKnown(glob, tools))) return [];
  const names = namesOf(globs, tools);
  const schemas = names.flatMap((name) => tools.get(name) ?? []);
  const found = new Map<number, UnknownArgument>();
  for (const path of paths) {
    const depth = Math.max(...schemas.map((schema) => knownDepth(schema, path.names)));
    if (depth >= path.names.length) continue;
    const name = path.names[depth] ?? "";
    const at = path.at[depth] ?? 0;
    const who = names.length === 1 ? names[0] : "no tool that this rule selects";
    const has = names.length === 1 ? "has no argument" : "has an argument";
    const known = schemas.flatMap((schema) => membersAt(schema, path.names.slice(0, depth)));
    const near = closest(name, known);
    const suggestion = near === undefined ? `known: ${listed(known)}` : `did you mean ${near}?`;
    found.set(at, { at, message: `${who} ${has} ${name}`, suggestion });
  }
  return [...found.values()];
}

/** Whether the servers of all selected tools refuse a call without this argument themselves. */
export function isRequired(globs: readonly string[], name: string, tools: ToolSchemas): boolean {
  if (globs.length === 0 || !globs.every((glob) => isKnown(glob, tools))) return false;
  const schemas = namesOf(globs, tools).flatMap((tool) => tools.get(tool) ?? []);
  return schemas.every(({ required }) => isJsonArray(required) && required.includes(name));
}

function namesOf(globs: readonly string[], tools: ToolSchemas): readonly string[] {
  const selected = globs.map((glob) => nameGlob(glob));
  return Array.from(tools.keys()).filter((name) => matchesAnyName(selected, name));
}

const LISTED_MAX = 12;

function listed(names: readonly string[]): string {
  const all = [...new Set(names)];
  return all.length === 0 ? "none" : all.slice(0, LISTED_MAX).join(", ");
}

/** Whether all tools that a glob can mean are pinned: it names one, or a server that was listed. */
function isKnown(glob: string, tools: ToolSchemas): boolean {
  if (!glob.includes("*")) return tools.has(glob);
  const end = glob.search(/[.*]/);
  if (glob[end] !== ".") return false;
  const upstream = glob.slice(0, end + 1);
  for (const name of tools.keys()) if (name.startsWith(upstream)) return true;
  return false;
}

/** How many names of the path the schema has; all of them where it does not say. */
function knownDepth(schema: JsonValue | undefined, path: readonly string[]): number {
  let at = schema;
  for (const [depth, name] of path.entries()) {
    const properties = closedProperties(at);
    if (properties === undefined) return path.length;
    if (!Object.hasOwn(properties, name)) return depth;
    at = properties[name];
  }
  return path.length;
}

function membersAt(schema: JsonValue | undefined, path: readonly string[]): readonly string[] {
  let at = schema;
  for (const name of path) at = closedProperties(at)?.[name];
  return Object.keys(closedProperties(at) ?? {});
}

/** Keywords by which members may come from elsewhere. */
const OPEN = ["$ref", "$dynamicRef", "anyOf", "oneOf", "allOf", "if", "patternProperties"];

const NONE: JsonObject = {};

/**
 * The only members there are. JSON Schema lets objects have more than it names; servers that mean
 * that say so, and a typing error in a rule is the likelier reading of the rest.
 */
function closedProperties(schema: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(schema) || OPEN.some((keyword) => Object.hasOwn(schema, keyword))) {
    return undefined;
  }
  const { type, properties, additionalProperties: more } = schema;
  if (typeof type === "string" && type !== "object") return NONE;
  if (isJsonArray(type) && !type.includes("object")) return NONE;
  if (more !== undefined && more !== false) return undefined;
  return isJsonObject(properties) ? properties : undefined;
}
