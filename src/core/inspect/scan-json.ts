import { failureFinding, nameOfFailure } from "./finding-of-failure.ts";
import { isFileText } from "./file-text.ts";
import { FINDINGS_MAX, type Finding } from "./finding.ts";
import { guarded } from "./guarded-look.ts";
import type { Inspection } from "./inspection.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { personalNumber, spelledBy, spelling } from "./json-numbers.ts";
import type { NotAllSeen } from "./not-all-seen.ts";
import { keepName, scanPlan } from "./scan-plan.ts";
import { scanBudget } from "./scan-budget.ts";
import { HIDDEN_KEY, shownPlace } from "./shown-place.ts";
import { takenOut } from "./taken-out.ts";
import type { TextScan } from "./text-scan.ts";
import { foundNothing, lookAtText, type TextLook } from "./whole-text.ts";

/** Deeper than any protocol nests; what lies below is not looked at and `unseen` says so. */
export const JSON_DEPTH_MAX = 128;

export interface JsonScan {
  /** At most 64. */
  readonly findings: readonly Finding[];
  readonly blocked: Finding | undefined;
  /** The same reference unless something was redacted: then a copy along the changed paths. */
  readonly value: JsonValue;
  /** UTF-16 units of all strings and keys looked at. */
  readonly textBytes: number;
  /** Why not every string was looked at through all its encodings; undefined: each was. */
  readonly unseen: NotAllSeen | undefined;
  /** UTF-16 units of files in base64, which nobody reads; they are no reason to refuse. */
  readonly fileUnits: number;
}

interface Walk extends TextLook {
  findings: Finding[];
  blocked: Finding | undefined;
  textBytes: number;
  unseen: NotAllSeen | undefined;
  fileUnits: number;
  /** Keys and indexes down to the value at hand. */
  readonly path: (string | number)[];
  /** Depths at which a key is not to be told: something was found in it. */
  readonly hidden: Set<number>;
  readonly placeOf: (pointer: string) => string;
  /** The document, as it came and then with what was taken out. */
  scanned: JsonValue;
}

/** Looks at every string and every key. Parts are named by JSON pointers, or as `placeOf` says. */
export function scanJson(
  inspection: Inspection,
  value: JsonValue,
  withheld: readonly string[],
  placeOf: (pointer: string) => string = itself,
): JsonScan {
  const walk: Walk = {
    plan: scanPlan(inspection),
    withheld,
    findings: [],
    blocked: undefined,
    textBytes: 0,
    unseen: undefined,
    fileUnits: 0,
    budget: scanBudget(),
    path: [],
    hidden: new Set(),
    placeOf,
    scanned: value,
  };
  if (!walk.plan.empty || withheld.length > 0) lookAtAll(walk);
  const { findings, blocked, textBytes, unseen, fileUnits, scanned } = walk;
  const left = blocked === undefined ? scanned : value;
  return { findings, blocked, value: left, textBytes, unseen, fileUnits };
}

/** What ends the look from outside has ended all of it. */
function lookAtAll(walk: Walk): void {
  try {
    guarded(visitAll, walk);
  } catch (error) {
    walk.blocked = failureFinding(walk.plan, "", nameOfFailure(error));
    walk.findings.push(walk.blocked);
  }
}

function visitAll(walk: Walk): void {
  walk.scanned = visit(walk, walk.scanned);
}

function visit(walk: Walk, value: JsonValue): JsonValue {
  if (walk.blocked !== undefined) return value;
  if (typeof value === "string") return visitText(walk, value, "");
  if (typeof value !== "object" || value === null) return value;
  if (walk.path.length >= JSON_DEPTH_MAX) {
    walk.unseen ??= "too_deep";
    return value;
  }
  return isJsonObject(value) ? visitObject(walk, value) : visitArray(walk, value);
}

function visitArray(walk: Walk, items: readonly JsonValue[]): JsonValue {
  const spelled = spelledBy(items);
  if (spelled !== undefined) {
    const seen = visitText(walk, spelled, "");
    if (seen !== spelled) return spelling(seen);
  }
  let copy: JsonValue[] | undefined;
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i] ?? null;
    walk.path.push(i);
    const seen = visit(walk, item);
    walk.path.pop();
    if (seen === item) continue;
    copy ??= [...items];
    copy[i] = seen;
  }
  return copy ?? items;
}

function visitObject(walk: Walk, object: JsonObject): JsonValue {
  let entries: [string, JsonValue][] | undefined;
  for (const key of Object.keys(object)) {
    const item = object[key] ?? null;
    const depth = walk.path.push(key) - 1;
    const name = visitName(walk, key, depth);
    const seen =
      typeof item === "string" ? visitText(walk, item, key) : visitMember(walk, key, item);
    walk.path.pop();
    walk.hidden.delete(depth);
    if (entries === undefined && name === key && seen === item) continue;
    entries ??= entriesBefore(object, key);
    entries.push([name, seen]);
  }
  return entries === undefined ? object : Object.fromEntries(entries);
}

function visitMember(walk: Walk, key: string, item: JsonValue): JsonValue {
  const text = personalNumber(key, item);
  if (text === undefined) return visit(walk, item);
  const seen = visitText(walk, text, key);
  return seen === text ? item : seen;
}

function entriesBefore(object: JsonObject, key: string): [string, JsonValue][] {
  const entries = Object.entries(object);
  return entries.slice(
    0,
    entries.findIndex(([name]) => name === key),
  );
}

function visitName(walk: Walk, name: string, depth: number): string {
  const { plan, withheld, hidden } = walk;
  if (withheld.length === 0 && plan.cleanNames.has(name)) {
    walk.textBytes += name.length;
    return name;
  }
  hidden.add(depth);
  const known = walk.findings.length;
  const seen = visitText(walk, name, "");
  const isClean = seen === name && walk.findings.length === known && walk.blocked === undefined;
  // Of more findings than are kept nobody knows where they were.
  if (isClean && known < FINDINGS_MAX) hidden.delete(depth);
  return seen;
}

/** `label`: the key of the member whose value the text is. */
function visitText(walk: Walk, text: string, label: string): string {
  if (walk.blocked !== undefined) return text;
  walk.textBytes += text.length;
  if (isFileText(text)) walk.fileUnits += text.length;
  const part = walk.plan.namesParts ? placeIn(walk) : "";
  const scan = lookAtText(walk, text, label, part);
  if (label === "" && (scan === undefined || foundNothing(scan))) keepName(walk.plan, text);
  if (scan === undefined) return text;
  walk.unseen ??= scan.capped;
  return take(walk, scan, text);
}

function take(walk: Walk, scan: TextScan, text: string): string {
  if (scan.findings.length > 0 || scan.blocked !== undefined) keepFindings(walk, scan);
  return scan.edits.length === 0 ? text : takenOut(walk.plan, text, scan.edits);
}

function keepFindings(walk: Walk, { findings, blocked }: TextScan): void {
  const part = shownPlaceIn(walk);
  for (const finding of findings) {
    if (walk.findings.length < FINDINGS_MAX) walk.findings.push({ ...finding, part });
  }
  if (blocked !== undefined) walk.blocked ??= { ...blocked, part };
}

function placeIn({ path, placeOf }: Walk): string {
  return placeOf(path.map(pointerStep).join(""));
}

function shownPlaceIn({ path, hidden, placeOf }: Walk): string {
  const steps = path.map((step, at) => pointerStep(hidden.has(at) ? HIDDEN_KEY : step));
  return shownPlace(placeOf(steps.join("")));
}

function itself(pointer: string): string {
  return pointer;
}

/** @see https://www.rfc-editor.org/rfc/rfc6901 */
export function pointerStep(step: string | number): string {
  return `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
