import type { JsonValue } from "../../core/json.ts";
import type { OriginatedValue } from "./config.ts";
import { CONFIG_SCHEMA, type ConfigFile } from "./config-schema.ts";
import type { Origins } from "./read-shape.ts";
import { BUILT_IN } from "./resolve-config.ts";
import type { Shape } from "./schema-shape.ts";

const MASK = "********";

/** Every value in force with who set it, in the order of the schema; secrets are masked. */
export function showConfig(written: ConfigFile, origins: Origins): readonly OriginatedValue[] {
  return [...values(CONFIG_SCHEMA, written, "")].map(([path, value]) => ({
    path,
    value,
    origin: originOf(path, origins),
  }));
}

function* values(shape: Shape, value: unknown, path: string): Generator<[string, JsonValue]> {
  if (Array.isArray(value)) {
    if (value.length === 0) yield [path, []];
    const items = "items" in shape ? shape.items : shape;
    for (const [index, item] of value.entries()) yield* values(items, item, `${path}[${index}]`);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      yield* values(propertyOf(shape, key), inner, path === "" ? key : `${path}.${key}`);
    }
  } else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    yield [path, "writeOnly" in shape ? MASK : masked(value)];
  }
}

/** An address may carry a password. */
function masked(value: string | number | boolean): string | number | boolean {
  return typeof value === "string" ? value.replace(/(:\/\/[^@/:]*:)[^@/]+@/, `$1${MASK}@`) : value;
}

function propertyOf(shape: Shape, key: string): Shape {
  return ("properties" in shape ? shape.properties[key] : undefined) ?? shape;
}

function originOf(path: string, origins: Origins): string {
  const at = origins.get(path);
  if (at === undefined) return "default";
  if (at.file === BUILT_IN) return BUILT_IN;
  const outside = at.file.startsWith("SALLYPORT_") || at.file.startsWith("--");
  return outside ? at.file : `${at.file}:${at.line}:${at.column}`;
}
