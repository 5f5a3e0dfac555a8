/**
 * Makes JSON Schema, in the manner of TypeBox: policies are read at every start, and the package
 * itself costs that start a tenth of a second and 20 MB for functions as short as these.
 */
import type { Shape } from "./check-shape.ts";

/** Keywords beside those that the function itself gives. */
type Keywords = Readonly<Record<string, unknown>>;

interface OptionalShape {
  readonly optional: Shape;
}

type Property = Shape | OptionalShape;

export function Optional(shape: Shape): OptionalShape {
  return { optional: shape };
}

export function Object(properties: Readonly<Record<string, Property>>, more?: Keywords): Shape {
  const required: string[] = [];
  const shapes: Record<string, Shape> = {};
  for (const key in properties) {
    const property = properties[key];
    if (property === undefined) continue;
    if ("optional" in property) shapes[key] = property.optional;
    else {
      shapes[key] = property;
      required.push(key);
    }
  }
  const needed = required.length === 0 ? {} : { required };
  return { type: "object", ...needed, properties: shapes, ...more };
}

export function Record(key: Shape & { readonly pattern?: string }, value: Shape, more?: Keywords) {
  const patternProperties = { [key.pattern ?? "^.*$"]: value };
  return { type: "object", patternProperties, ...more } satisfies Shape;
}

export function Array(items: Shape, more?: Keywords): Shape {
  return { type: "array", items, ...more };
}

export function Union(anyOf: readonly Shape[], more?: Keywords): Shape {
  return { anyOf, ...more };
}

export function Enum(words: readonly string[], more?: Keywords): Shape {
  return { enum: words, ...more };
}

export function Literal(value: number, more?: Keywords): Shape {
  return { type: "number", const: value, ...more };
}

export function String(more?: Keywords): Shape {
  return { type: "string", ...more };
}

export function Number(more?: Keywords): Shape {
  return { type: "number", ...more };
}

export function Integer(more?: Keywords): Shape {
  return { type: "integer", ...more };
}

export function Boolean(more?: Keywords): Shape {
  return { type: "boolean", ...more };
}
