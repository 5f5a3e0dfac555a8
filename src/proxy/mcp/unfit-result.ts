import type { JsonObject } from "../../core/json.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { SchemaCheck } from "../../core/trust/schema-checks.ts";
import type { Question } from "./question.ts";

/** An error says nothing that a schema could bound, and a question is no result yet. */
export function unfitResult(
  result: JsonObject,
  question: Question,
  check: SchemaCheck | undefined,
): Refusal | undefined {
  if (check === undefined || question.kind !== "request") return undefined;
  if (question.method !== "tools/call" || result["isError"] === true) return undefined;
  if (result["resultType"] === "input_required") return undefined;
  const structured = result["structuredContent"];
  const problem = structured === undefined ? "it is not structured" : check.problemOf(structured);
  if (problem === undefined) return undefined;
  const detail = `The tool's result does not fit its schema, so it was withheld: ${problem}.`;
  return { code: "result_invalid", detail };
}
