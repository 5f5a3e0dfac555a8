/** Values after a JSON Schema, and values that are wrong in some way. */

export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly examples?: readonly unknown[];
}

const NASTY: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  "",
  " ",
  "\u0000",
  "../../etc/passwd",
  "' OR 1=1 --",
  "x".repeat(5_000),
  "\ud800",
  "ﬀ‮",
  [],
  {},
  { __proto__: null },
  [[[[]]]],
];

/** `sound`: as the schema says; otherwise something of it is spoilt. */
export function sampleOf(schema: JsonSchema, random: () => number, sound: boolean): unknown {
  if (!sound && random() < 0.3) return pick(NASTY, random);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return pick(schema.enum, random);
  if (schema.anyOf !== undefined) return sampleOf(pick(schema.anyOf, random), random, sound);
  switch (schema.type ?? "string") {
    case "object":
      return objectOf(schema, random, sound);
    case "array": {
      const { items = {} } = schema;
      const length = Math.floor(random() * 3);
      return Array.from({ length }, () => sampleOf(items, random, sound));
    }
    case "integer":
    case "number":
      return Math.floor((schema.minimum ?? 0) + random() * ((schema.maximum ?? 100) / 2));
    case "boolean":
      return random() < 0.5;
    default:
      return textOf(schema, random);
  }
}

function objectOf(schema: JsonSchema, random: () => number, sound: boolean): unknown {
  const object: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const wanted = schema.required?.includes(name) === true || random() < 0.5;
    if (wanted && (sound || random() < 0.9)) object[name] = sampleOf(inner, random, sound);
  }
  if (!sound && random() < 0.2) object["unexpected"] = pick(NASTY, random);
  return object;
}

/** Patterns here ask for names, decimals or texts: one of these fits most of them. */
function textOf({ pattern, maxLength = 64 }: JsonSchema, random: () => number): string {
  const number = String(Math.floor(random() * 900));
  const candidates = ["bot", number, `name-${number}`, `a${number}@example.com`, "agents:read"];
  const fitting = candidates.filter((text) => {
    return (
      text.length <= maxLength && (pattern === undefined || new RegExp(pattern, "u").test(text))
    );
  });
  return fitting.length === 0 ? "x" : pick(fitting, random);
}

function pick<T>(from: readonly T[], random: () => number): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new RangeError("nothing to choose from");
  return chosen;
}
