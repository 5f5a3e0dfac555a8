/** JSON inside strings of an answer: the arguments of its tool calls, unescaped before a look. */
import type { Finding } from "../../core/inspect/finding.ts";
import type { Inspection } from "../../core/inspect/inspection.ts";
import { scanEscaped } from "../../core/inspect/json-part-scanner.ts";
import { pointerStep } from "../../core/inspect/scan-json.ts";
import { isJsonArray, isJsonObject, type JsonValue } from "../../core/json.ts";

export interface NestedScan {
  /** The same reference unless something was redacted. */
  readonly value: JsonValue;
  readonly findings: readonly Finding[];
  readonly blocked: Finding | undefined;
}

interface Walk {
  readonly inspection: Inspection;
  readonly echoes: readonly string[];
  readonly findings: Finding[];
  blocked: Finding | undefined;
  readonly placeOf: ((pointer: string) => string) | undefined;
}

const OBJECT = 0x7b;
const ARRAY = 0x5b;

/** `value` comes from the strict parser, which bounds its depth. */
export function scanNested(
  inspection: Inspection,
  echoes: readonly string[],
  value: JsonValue,
  placeOf?: (pointer: string) => string,
): NestedScan {
  const walk: Walk = { inspection, echoes, findings: [], blocked: undefined, placeOf };
  const seen = visit(walk, value, "");
  return { value: seen, findings: walk.findings, blocked: walk.blocked };
}

function visit(walk: Walk, value: JsonValue, at: string): JsonValue {
  if (typeof value === "string") return visitText(walk, value, at);
  if (isJsonArray(value)) {
    const items = value.map((item, i) => visit(walk, item, at + pointerStep(i)));
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  if (!isJsonObject(value)) return value;
  let copy: Record<string, JsonValue> | undefined;
  for (const key in value) {
    const member = value[key] ?? null;
    const seen = visit(walk, member, at + pointerStep(key));
    if (seen !== member) copy = Object.assign(copy ?? { ...value }, { [key]: seen });
  }
  return copy ?? value;
}

function visitText(walk: Walk, text: string, at: string): string {
  const first = text.charCodeAt(0);
  if (first !== OBJECT && first !== ARRAY) return text;
  const place = walk.placeOf?.(at) ?? at;
  const scan = scanEscaped(walk.inspection, text, walk.echoes, place);
  if (scan === undefined) return text;
  walk.findings.push(...scan.findings);
  walk.blocked ??= scan.blocked;
  return scan.text;
}
