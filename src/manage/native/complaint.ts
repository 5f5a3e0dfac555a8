/** What is wrong with a request, in words that say what to send: ajv's own name the rule only. */
import type { FastifySchemaValidationError } from "fastify";
import { closest } from "../../lib/closest.ts";

export interface Complaint {
  /** JSON Pointer into the body; below `/querystring` or `/params` into those. */
  readonly pointer: string;
  readonly detail: string;
}

/** Members that a message lists. */
const LISTED_MAX = 24;

export function complaintOf(found: FastifySchemaValidationError, context = "body"): Complaint {
  const { instancePath, params } = found;
  const extra = params["additionalProperty"] ?? params["missingProperty"];
  const member = typeof extra === "string" ? `/${escaped(extra)}` : "";
  const path = `${instancePath}${member}`;
  const place = context === "body" ? "" : `/${context}`;
  return { pointer: `${place}${path}`, detail: `${nameOf(path, context)} ${wordsOf(found)}` };
}

/** Of a path that no route was looked for. */
export function pathComplaint({ statusCode }: { readonly statusCode?: number }): string {
  return statusCode === STATUS_TOO_LONG
    ? "A part of the path is too long to be a name."
    : "The path cannot be read: `%` must be followed by two hexadecimal digits of UTF-8.";
}

const STATUS_TOO_LONG = 414;

function nameOf(path: string, context: string): string {
  if (path !== "") return `\`${path.slice(1).replaceAll("/", ".")}\``;
  return context === "body" ? "The body" : "The request";
}

function wordsOf(found: FastifySchemaValidationError): string {
  const { keyword, params, message = "is wrong" } = found;
  switch (keyword) {
    case "required":
      return "is missing.";
    case "additionalProperties":
      return unknownWords(String(params["additionalProperty"]), schemaOf(found)["properties"]);
    case "enum":
      return `must be one of ${listOf(params["allowedValues"])}.`;
    case "type":
      return `must be ${article(String(params["type"]))}.`;
    case "format":
      return params["format"] === "date-time"
        ? "must be a time such as 2026-11-21T06:00:00Z."
        : `${message}.`;
    case "pattern":
      return `has another form. ${descriptionOf(found) ?? `It must match ${String(params["pattern"])}`}`;
    default:
      return `${message.replace("must NOT have fewer than", "must have at least").replace("must NOT have more than", "must have at most")}.`;
  }
}

function unknownWords(word: string, properties: unknown): string {
  const known = isRecord(properties) ? Object.keys(properties) : [];
  const near = closest(word, known);
  if (near !== undefined) return `is not known here; did you mean \`${near}\`?`;
  if (known.length === 0) return "is not known here.";
  return `is not known here; there is ${listOf(known)}.`;
}

function listOf(values: unknown): string {
  if (!Array.isArray(values)) return "other values";
  const shown = values.slice(0, LISTED_MAX).map(String).join(", ");
  return values.length > LISTED_MAX ? `${shown}, …` : shown;
}

/** Ajv's `verbose` puts the schema that was not met beside the message. */
function schemaOf(found: object): Readonly<Record<string, unknown>> {
  const schema = "parentSchema" in found ? found.parentSchema : undefined;
  return isRecord(schema) ? schema : {};
}

function descriptionOf(found: object): string | undefined {
  const { description } = schemaOf(found);
  return typeof description === "string" ? description : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function article(type: string): string {
  return /^[aeio]/u.test(type) ? `an ${type}` : `a ${type}`;
}

/** RFC 6901 §3. */
function escaped(member: string): string {
  return member.replaceAll("~", "~0").replaceAll("/", "~1");
}
