/** Looks at a parsed answer, or at one event of one, as a whole. */
import type { Finding } from "../../core/inspect/finding.ts";
import type { Inspection } from "../../core/inspect/inspection.ts";
import { NO_INSPECTION } from "../../core/inspect/inspection.ts";
import { scanJson } from "../../core/inspect/scan-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

/** What is looked for in one answer. */
export interface Search {
  readonly inspection: Inspection;
  /** The injected credential's forms: taken out wherever they are. */
  readonly echoes: readonly string[];
  /** Members that repeat the request: rules about answers do not apply there. */
  readonly repeated: ReadonlySet<string>;
}

export interface AnswerScan {
  readonly findings: readonly Finding[];
  readonly blocked: Finding | undefined;
  /** The same reference unless something was redacted. */
  readonly value: JsonValue;
  readonly complete: boolean;
}

const NONE: readonly string[] = [];

/** `text`: the JSON that `value` was parsed from. */
export function scanAnswer(search: Search, value: JsonValue, text: string): AnswerScan {
  if (!mayEcho(search.echoes, text)) return scanForRules(search, value);
  const echoed = scanJson(NO_INSPECTION.response, value, search.echoes);
  const ruled = scanForRules(search, echoed.value);
  return {
    findings: [...echoed.findings, ...ruled.findings],
    blocked: ruled.blocked,
    value: ruled.value,
    complete: echoed.complete && ruled.complete,
  };
}

/**
 * Whether the text can hold an echo: its forms include JSON's own escapes, so only escapes that
 * nobody needs can hide one from a plain search.
 */
export function mayEcho(echoes: readonly string[], text: string): boolean {
  if (echoes.length === 0) return false;
  if (text.includes("\\u") || text.includes("\\/")) return true;
  for (const echo of echoes) if (text.includes(echo)) return true;
  return false;
}

function scanForRules(search: Search, value: JsonValue): AnswerScan {
  const { inspection, repeated } = search;
  if (repeated.size === 0 || !isJsonObject(value)) return scanJson(inspection, value, NONE);
  const { response } = value;
  if (!isJsonObject(response)) return scanOwnWords(search, value);
  const scan = scanOwnWords(search, response);
  return scan.value === response
    ? { ...scan, value }
    : { ...scan, value: { ...value, response: scan.value } };
}

/** Without the members that repeat the request. */
function scanOwnWords({ inspection, repeated }: Search, answer: JsonObject): AnswerScan {
  const own: Record<string, JsonValue> = {};
  const asked: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(answer)) {
    (repeated.has(key) ? asked : own)[key] = member;
  }
  const scan = scanJson(inspection, own, NONE);
  if (scan.value === own) return { ...scan, value: answer };
  return { ...scan, value: isJsonObject(scan.value) ? { ...scan.value, ...asked } : scan.value };
}
