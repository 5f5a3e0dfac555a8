/**
 * The only file that knows ajv beside the management API: schemas come from servers nobody knows,
 * so their patterns run in linear time, nothing is fetched, and sizes are bounded.
 *
 * @see https://json-schema.org/draft/2020-12
 */
import type { Ajv2020, ErrorObject } from "ajv/dist/2020.js";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { compilePattern } from "../../core/policy/linear-pattern.ts";
import type { SchemaChecks, SchemaReply, SchemaSide } from "../../core/trust/schema-checks.ts";
import type { DefinitionHash } from "../../core/units.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** Compiled schemas kept; past it the oldest is compiled again when it is needed. */
const SCHEMAS_MAX = 512;
/** UTF-16 units of one schema: what compiling it may cost. */
export const SCHEMA_CHARS_MAX = 65_536;
/** UTF-16 units of a value that is looked at. */
const VALUE_CHARS_MAX = 1_048_576;

export class CompiledSchemas implements SchemaChecks {
  readonly #compiled = new Map<string, SchemaReply>();
  #ajv: Promise<Ajv2020> | undefined;

  of(
    definition: DefinitionHash,
    side: SchemaSide,
    read: () => JsonObject | undefined,
  ): SchemaReply | Promise<SchemaReply> {
    const key = `${definition} ${side}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const schema = read();
    if (schema === undefined) return this.#keep(key, NO_SCHEMA);
    return this.#compile(schema).then((reply) => this.#keep(key, reply));
  }

  /** Ajv is loaded for those who use it: 20 ms and some megabytes. */
  async #compile(schema: JsonObject): Promise<SchemaReply> {
    if (JSON.stringify(schema).length > SCHEMA_CHARS_MAX) return unusable("it is too large");
    this.#ajv ??= loadAjv();
    const ajv = await this.#ajv;
    try {
      // Servers name the draft of their library, and mean the same by it.
      const { $schema: _, $id: __, ...bare } = schema;
      const validate = ajv.compile(bare);
      return {
        kind: "check",
        check: {
          problemOf(value) {
            if (JSON.stringify(value).length > VALUE_CHARS_MAX)
              return "it is too large to be judged";
            try {
              return validate(value) ? undefined : described(validate.errors?.[0]);
            } catch (error) {
              // A pattern that may not look at so long a text, or schemas that nest without end.
              return error instanceof RangeError
                ? "it is too large to be judged"
                : "it cannot be judged";
            }
          },
        },
      };
    } catch (error) {
      return unusable(error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : "");
    }
  }

  #keep(key: string, reply: SchemaReply): SchemaReply {
    keepRecent(this.#compiled, key, reply, SCHEMAS_MAX);
    return reply;
  }
}

const NO_SCHEMA: SchemaReply = unusable("it has none");

function unusable(problem: string): SchemaReply {
  return { kind: "unusable", problem };
}

async function loadAjv(): Promise<Ajv2020> {
  const { Ajv2020: Ajv } = await import("ajv/dist/2020.js");
  const ajv = new Ajv({
    strict: false,
    validateFormats: false,
    addUsedSchema: false,
    code: { regExp: linearRegExp },
  });
  // Ajv compares items in pairs, which takes quadratic time.
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: (wanted: boolean, items: readonly JsonValue[]) =>
      !wanted || new Set(items.map((item) => canonicalJson(item))).size === items.length,
  });
  return ajv;
}

/** Ajv keeps patterns apart by their text, and finds the engine's name in generated modules. */
const linearRegExp = Object.assign(
  (pattern: string) => {
    const reply = compilePattern(pattern);
    if (reply.kind === "wrong") throw new TypeError(reply.message);
    const { pattern: linear } = reply;
    return { test: (text: string) => linear.test(text), toString: () => `re(${pattern})` };
  },
  { code: "linearRegExp" },
);

/** The schema's words and the place in the value; never the value itself. */
function described(error: ErrorObject | undefined): string {
  if (error === undefined) return "it does not fit";
  const { instancePath, message = "does not fit", keyword, params } = error;
  const place = instancePath === "" ? "" : `${instancePath} `;
  const extra =
    keyword === "additionalProperties" ? `: ${String(params["additionalProperty"])}` : "";
  return `${place}${message}${extra}`.slice(0, PROBLEM_CHARS_MAX);
}

const PROBLEM_CHARS_MAX = 200;
