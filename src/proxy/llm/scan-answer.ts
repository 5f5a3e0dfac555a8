/** Looks at a parsed answer, or at one event of one, as a whole. */
import type { NotAllSeen } from "../../core/inspect/not-all-seen.ts";
import type { Finding } from "../../core/inspect/finding.ts";
import type { Inspection } from "../../core/inspect/inspection.ts";
import { NO_INSPECTION } from "../../core/inspect/inspection.ts";
import { scanJson } from "../../core/inspect/scan-json.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { holdsEcho } from "../../core/secret/holds-echo.ts";
import { scanNested } from "./scan-nested.ts";

/** What is looked for in one answer. */
export interface Search {
  readonly inspection: Inspection;
  /** The injected credential's forms: taken out wherever they are. */
  readonly echoes: readonly string[];
  /** Members that repeat the request: rules about answers do not apply there. */
  readonly repeated: ReadonlySet<string>;
  /** What a place is called, where not by its pointer. */
  readonly placeOf?: (pointer: string) => string;
}

export interface AnswerScan {
  readonly findings: readonly Finding[];
  readonly blocked: Finding | undefined;
  /** The same reference unless something was redacted. */
  readonly value: JsonValue;
  readonly unseen: NotAllSeen | undefined;
  /** Of files in it that nobody reads. */
  readonly fileUnits: number;
}

const NO_FINDINGS: readonly Finding[] = [];
const NONE: readonly string[] = [];

/** A whole answer. `text`: the JSON that `value` was parsed from. */
export function scanAnswer(search: Search, value: JsonValue, text: string): AnswerScan {
  const clean = withoutEchoes(search, value, text);
  if (!isJsonObject(clean.value)) return both(clean, look(search, clean.value, text));
  return both(clean, lookAtOwnWords(search, clean.value, text));
}

/**
 * One event of a stream: the request is repeated in its `response`, if it has one. `placeOf`: where
 * the whole answer would have what stands at a pointer into the event.
 */
export function scanEvent(
  asked: Search,
  event: JsonObject,
  text: string,
  placeOf?: (pointer: string) => string,
): AnswerScan {
  const search = placeOf === undefined ? asked : { ...asked, placeOf };
  const clean = withoutEchoes(search, event, text);
  const { response, ...others } = isJsonObject(clean.value) ? clean.value : {};
  if (!isJsonObject(response)) return both(clean, look(search, clean.value, text));
  const around = look(search, others, text);
  const inside = lookAtOwnWords(asked, response, text);
  const changed = around.value !== others || inside.value !== response;
  const value = changed
    ? { ...(isJsonObject(around.value) ? around.value : others), response: inside.value }
    : clean.value;
  return both(clean, { ...both(around, inside), value });
}

/**
 * Whether the text can hold an echo: its forms include JSON's own escapes, so only escapes that
 * nobody needs can hide one from a plain search.
 */
export function mayEcho(echoes: readonly string[], text: string): boolean {
  if (echoes.length === 0) return false;
  if (text.includes("\\") && (text.includes("\\u") || text.includes("\\/"))) return true;
  return holdsEcho(echoes, text);
}

function withoutEchoes({ echoes }: Search, value: JsonValue, text: string): AnswerScan {
  if (mayEcho(echoes, text)) return scanJson(NO_INSPECTION.response, value, echoes);
  return { findings: NO_FINDINGS, blocked: undefined, value, unseen: undefined, fileUnits: 0 };
}

/** Also into JSON inside strings: a backslash that could hide something there comes doubled. */
function look(search: Search, value: JsonValue, text: string): AnswerScan {
  const { inspection, echoes, placeOf } = search;
  if (!text.includes("\\\\")) return scanJson(inspection, value, NONE, placeOf);
  const nested = scanNested(inspection, echoes, value, placeOf);
  return both(
    { ...nested, unseen: undefined, fileUnits: 0 },
    scanJson(inspection, nested.value, NONE, placeOf),
  );
}

/** Without the members that repeat the request. */
function lookAtOwnWords(search: Search, answer: JsonObject, text: string): AnswerScan {
  const { repeated } = search;
  if (repeated.size === 0) return look(search, answer, text);
  const own: Record<string, JsonValue> = {};
  const asked: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(answer)) {
    (repeated.has(key) ? asked : own)[key] = member;
  }
  const scan = look(search, own, text);
  if (scan.value === own) return { ...scan, value: answer };
  return { ...scan, value: isJsonObject(scan.value) ? { ...scan.value, ...asked } : scan.value };
}

/** The second look's value, both looks' findings. */
function both(first: AnswerScan, second: AnswerScan): AnswerScan {
  return {
    findings:
      first.findings.length === 0 ? second.findings : [...first.findings, ...second.findings],
    blocked: first.blocked ?? second.blocked,
    value: second.value,
    unseen: first.unseen ?? second.unseen,
    fileUnits: Math.max(first.fileUnits, second.fileUnits),
  };
}
