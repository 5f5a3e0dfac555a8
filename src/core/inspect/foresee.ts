/**
 * Looks at a large document ahead of time, a slice at a time, so that no other exchange waits for
 * it: what is seen of its texts is kept until the look that counts, which is synchronous and only
 * picks it up.
 */
import { isJsonArray, isJsonObject, type JsonValue } from "../json.ts";
import { feed, finish } from "./advance.ts";
import type { Inspection } from "./inspection.ts";
import { spelledBy } from "./json-numbers.ts";
import { CLEAN, type KnownText } from "./known-texts.ts";
import { SHORTEST_MATCH } from "./quick-look.ts";
import { JSON_DEPTH_MAX } from "./scan-json.ts";
import { labelledBy, scanPlan, type ScanPlan } from "./scan-plan.ts";
import { scanBudget, type ScanBudget } from "./scan-budget.ts";
import { openScan, type TextScan } from "./text-scan.ts";
import { foundNothing, lookAtText, type TextLook } from "./whole-text.ts";

/** Smaller bodies are looked at in one go: 10 ms at most. */
export const FORESEEN_BYTES_MIN = 262_144;
/** Work between two turns of the event loop: 2 ms of ordinary text. */
const SLICE_WORK = 98_304;
/** A longer text is looked at in pieces: hostile ones cost more for each unit than is counted. */
const PIECE_UNITS = 8192;
/** The fixed cost of one text, in units. */
const TEXT_UNITS = 64;
/** Texts remembered at once for one body: all that the largest ones hold, four units and two quotes each. */
const TEXTS_MAX = 2_000_000;

const NONE: readonly string[] = [];

export type Turn = () => Promise<void>;

/** Wraps a wait between two pieces of a look, during which other texts are looked at. */
export type Aside = (wait: Promise<void>) => Promise<void>;

const ASIDE: Aside = (wait) => wait;

interface NamedText {
  readonly text: string;
  readonly label: string;
}

export async function foresee(
  inspection: Inspection,
  value: JsonValue,
  turn: Turn,
  aside = ASIDE,
): Promise<void> {
  const plan = scanPlan(inspection);
  if (plan.empty) return;
  const texts = textsIn(value).filter(({ label }) => labelledBy(plan, label).length === 0);
  const seen = new Map<string, KnownText>();
  plan.foreseen.add(seen);
  const forget = (): boolean => plan.foreseen.delete(seen);
  try {
    await lookAtEach(texts, plan, seen, () => aside(turn()));
    const forming = plan.opinions?.form(inspection, lastOf(texts));
    if (forming !== undefined) await aside(forming);
  } finally {
    // The look that counts follows at once; nothing is kept beyond it.
    void turn().then(forget, forget);
  }
}

function textsIn(value: JsonValue): readonly NamedText[] {
  const texts: NamedText[] = [];
  eachText(value, "", 0, (text, label) => void texts.push({ text, label }));
  return texts;
}

/** What of a large document second opinions are asked about. */
export function lastTexts(value: JsonValue): readonly string[] {
  return lastOf(textsIn(value));
}

/** As much from the end, where a conversation's newest is, as is looked at in one go. */
function lastOf(texts: readonly NamedText[]): readonly string[] {
  const last: string[] = [];
  let units = 0;
  for (let i = texts.length - 1; i >= 0; i -= 1) {
    const text = texts[i]?.text ?? "";
    units += text.length;
    if (units > FORESEEN_BYTES_MIN) break;
    last.push(text);
  }
  return last;
}

async function lookAtEach(
  texts: readonly NamedText[],
  plan: ScanPlan,
  seen: Map<string, KnownText>,
  turn: Turn,
): Promise<void> {
  const look: TextLook = { plan, withheld: NONE, budget: scanBudget() };
  const clock = sliceClock(look.budget, turn);
  for (const { text, label } of texts) {
    if (seen.size >= TEXTS_MAX) return;
    if (text.length < SHORTEST_MATCH || seen.has(text)) continue;
    const scan =
      text.length > PIECE_UNITS
        ? await lookInPieces(look, text, label, clock)
        : lookAtText(look, text, label, "");
    seen.set(
      text,
      scan === undefined ? CLEAN : { label, scan: foundNothing(scan) ? undefined : scan },
    );
    // The look that counts will stop at the same place.
    if (scan?.blocked !== undefined) return;
    look.budget.spent += TEXT_UNITS;
    await clock();
  }
}

/** Lets others have a turn when a slice of work is done. */
function sliceClock(budget: ScanBudget, turn: Turn): () => Promise<void> | undefined {
  let from = budget.spent;
  return () => {
    if (budget.spent - from < SLICE_WORK) return undefined;
    from = budget.spent;
    return turn();
  };
}

/** A long text as if it came in pieces: the verdict is the same. */
async function lookInPieces(
  { plan, withheld, budget }: TextLook,
  text: string,
  label: string,
  clock: () => Promise<void> | undefined,
): Promise<TextScan> {
  const scan = openScan(plan, withheld, "", budget);
  scan.label = label;
  for (let at = 0; at < text.length && scan.blocked === undefined; at += PIECE_UNITS) {
    feed(scan, text.slice(at, at + PIECE_UNITS));
    await clock();
  }
  finish(scan);
  return scan;
}

/** Also what stands in JSON inside a text, as tool calls have it. */
export function eachText(
  value: JsonValue,
  label: string,
  depth: number,
  take: (text: string, label: string) => void,
): void {
  if (depth > JSON_DEPTH_MAX) return;
  if (typeof value === "string") {
    take(value, label);
    const inner = nested(value);
    if (inner !== undefined) eachText(inner, "", depth + 1, take);
  } else if (isJsonArray(value)) {
    const spelled = spelledBy(value);
    if (spelled !== undefined) take(spelled, "");
    for (const item of value) eachText(item, "", depth + 1, take);
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) {
      take(key, "");
      eachText(value[key] ?? null, key, depth + 1, take);
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
