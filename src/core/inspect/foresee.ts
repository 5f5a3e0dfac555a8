/**
 * Looks at a large document ahead of time, a slice at a time, so that no other exchange waits for
 * it: texts in which nothing was found are remembered until the look that counts, which is
 * synchronous and passes over them.
 */
import { isJsonArray, isJsonObject, type JsonValue } from "../json.ts";
import { createPartScanner } from "./part-scanner.ts";
import type { Inspection } from "./inspection.ts";
import { JSON_DEPTH_MAX } from "./scan-json.ts";
import { labelledBy, scanPlan, type ScanPlan } from "./scan-plan.ts";

/** Smaller bodies are looked at in one go: 10 ms at most. */
export const FORESEEN_BYTES_MIN = 262_144;
/** Units between two turns of the event loop: 2 ms of ordinary text, 10 ms of the worst. */
const SLICE_UNITS = 49_152;
/** What a text costs beside its units. */
const TEXT_UNITS = 64;
/** Texts remembered at once for one inspection. */
const CLEAN_TEXTS_MAX = 200_000;

const NONE: readonly string[] = [];

export type Turn = () => Promise<void>;

export async function foresee(inspection: Inspection, value: JsonValue, turn: Turn): Promise<void> {
  const plan = scanPlan(inspection);
  if (plan.empty) return;
  const texts: string[] = [];
  gather(value, "", 0, (text, label) => {
    if (labelledBy(plan, label).length === 0) texts.push(text);
  });
  // The look that counts follows at once; nothing is kept beyond it.
  const forget = (): void => plan.clean.clear();
  await lookAtEach(texts, inspection, plan, turn);
  void turn().then(forget, forget);
}

async function lookAtEach(
  texts: readonly string[],
  inspection: Inspection,
  { clean }: ScanPlan,
  turn: Turn,
): Promise<void> {
  let units = 0;
  for (const text of texts) {
    const scanner = createPartScanner(inspection, "", NONE);
    for (let at = 0; at < text.length; at += SLICE_UNITS) {
      units += Math.min(SLICE_UNITS, text.length - at);
      scanner.push(text.slice(at, at + SLICE_UNITS));
      if (units < SLICE_UNITS) continue;
      await turn();
      units = 0;
    }
    scanner.end();
    units += TEXT_UNITS;
    // What was found is found again where it counts, with its place.
    if (scanner.findings.length > 0 || !scanner.complete) return;
    if (clean.size < CLEAN_TEXTS_MAX) clean.add(text);
  }
}

/** Also what stands in JSON inside a text, as tool calls have it. */
function gather(
  value: JsonValue,
  label: string,
  depth: number,
  take: (text: string, label: string) => void,
): void {
  if (depth > JSON_DEPTH_MAX) return;
  if (typeof value === "string") {
    take(value, label);
    const inner = nested(value);
    if (inner !== undefined) gather(inner, "", depth + 1, take);
  } else if (isJsonArray(value)) {
    for (const item of value) gather(item, label, depth + 1, take);
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) {
      take(key, "");
      gather(value[key] ?? null, key, depth + 1, take);
    }
  }
}

function nested(text: string): JsonValue | undefined {
  if (!/^[{[]/.test(text) || !text.includes("\\")) return undefined;
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
