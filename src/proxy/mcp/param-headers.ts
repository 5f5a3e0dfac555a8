/**
 * `Mcp-Param-*` headers repeat arguments of a call, for balancers that route by them (SEP-2243).
 * Policy judged the body, so a header must say what the body says.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { RequestHead } from "../wire.ts";
import { decodeSentinel } from "./protocol-era.ts";

export const PARAM_HEADER_PREFIX = "mcp-param-";
const MARK = "x-mcp-header";
/** Schemas are looked at no deeper; what is below has no header. */
const DEPTH_MAX = 16;

/**
 * One clause; undefined where header and body agree. `definition`: the tool as its server lists it,
 * asked for only where there is such a header.
 */
export function paramHeaderFault(
  args: JsonObject,
  headers: RequestHead["headers"],
  definition: () => JsonValue | undefined,
): string | undefined {
  let declared: ReadonlyMap<string, readonly string[]> | undefined;
  for (const name in headers) {
    if (!name.startsWith(PARAM_HEADER_PREFIX)) continue;
    const value = headers[name];
    const said = typeof value === "string" ? decodeSentinel(value) : undefined;
    if (said === undefined) return `${name} is not valid`;
    declared ??= declaredIn(definition());
    const path = declared.get(name.slice(PARAM_HEADER_PREFIX.length));
    if (path === undefined && declared.size > 0) return `${name} stands for no argument`;
    const agrees = path === undefined ? isSaid(args, said) : sameText(valueAt(args, path), said);
    if (!agrees) return `${name} says something else than the body`;
  }
  return undefined;
}

/** By the name of the header, in lower case: where the argument stands. */
function declaredIn(definition: JsonValue | undefined): ReadonlyMap<string, readonly string[]> {
  const declared = new Map<string, readonly string[]>();
  const visit = (schema: JsonValue | undefined, path: readonly string[]): void => {
    const properties = isJsonObject(schema) ? schema["properties"] : undefined;
    if (!isJsonObject(properties) || path.length >= DEPTH_MAX) return;
    for (const [member, inner] of Object.entries(properties)) {
      const mark = isJsonObject(inner) ? inner[MARK] : undefined;
      if (typeof mark === "string") declared.set(mark.toLowerCase(), [...path, member]);
      visit(inner, [...path, member]);
    }
  };
  if (isJsonObject(definition)) visit(definition["inputSchema"], []);
  return declared;
}

function valueAt(args: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = args;
  for (const member of path) value = isJsonObject(value) ? value[member] : undefined;
  return value;
}

/** Of a tool whose schema nobody knows: some argument at least. */
function isSaid(value: JsonValue, said: string, depth = 0): boolean {
  if (sameText(value, said)) return true;
  if (!isJsonObject(value) || depth >= DEPTH_MAX) return false;
  return Object.values(value).some((inner) => isSaid(inner, said, depth + 1));
}

/** Numbers are compared as numbers: `42` is `42.0`. */
function sameText(value: JsonValue | undefined, said: string): boolean {
  if (typeof value === "string") return value === said;
  if (typeof value === "boolean") return String(value) === said;
  if (typeof value !== "number") return false;
  return /^-?\d+(?:\.\d+)?$/.test(said) && Number(said) === value;
}
