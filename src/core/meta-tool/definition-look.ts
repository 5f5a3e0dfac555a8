import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { callLook, looksLikeSearch, type CallLook } from "./looks-like.ts";

/** What a listed tool looks like, by the arguments that its schema asks for. */
export function definitionLook(
  definition: JsonValue,
): CallLook | { readonly kind: "search" } | undefined {
  if (!isJsonObject(definition) || typeof definition["name"] !== "string") return undefined;
  const { name, inputSchema } = definition;
  const look = isJsonObject(inputSchema) ? callLook(name, exampleOf(inputSchema)) : undefined;
  return look ?? (looksLikeSearch(name) ? { kind: "search" } : undefined);
}

/** Arguments with everything that the schema names, one level deep and one below lists. */
function exampleOf({ properties }: JsonObject): JsonObject {
  const example: Record<string, JsonValue> = {};
  if (!isJsonObject(properties)) return example;
  for (const [member, schema] of Object.entries(properties)) {
    const { type, items } = isJsonObject(schema) ? schema : NO_SCHEMA;
    if (type === "string") example[member] = "x";
    else if (type === "object") example[member] = {};
    else if (type === "array") example[member] = isJsonObject(items) ? [exampleOf(items)] : [];
  }
  return example;
}

const NO_SCHEMA: JsonObject = {};
