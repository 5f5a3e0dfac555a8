/**
 * Secrets that leave in two halves: the last word of one text and a word of the next, joined, are a
 * secret that neither of them is.
 */
import { isJsonArray, isJsonObject, type JsonValue } from "../json.ts";
import { nextAnchor } from "./find-anchor.ts";
import type { Finding } from "./finding.ts";
import type { Inspection } from "./inspection.ts";
import { createPartScanner } from "./part-scanner.ts";
import { scanPlan, type ScanPlan } from "./scan-plan.ts";
import { JSON_DEPTH_MAX } from "./scan-json.ts";

/** What the texts before ended with, on one way or in one session. */
export interface OpenEnds {
  words: readonly string[];
}

/** Where sessions' open ends are kept between two requests. */
export interface OpenEndStore<Owner> {
  of(owner: Owner): OpenEnds;
}

const DETECTOR = "secret";
/** A half that is shorter says nothing of what it may become. */
const HALF_MIN = 4;
const HALF_MAX = 256;
/** Words of a text that are tried as second halves, from its beginning. */
const WORDS_MAX = 4;
/** Open ends that are kept. */
const ENDS_MAX = 2;
/** Of a document: its last texts, where what is new in a conversation stands. */
const TEXTS_MAX = 4;
/** Where words are looked for: behind it a text has said enough to be whole. */
const HEAD_UNITS = 512;

const WORDS = /[\w+/=~.-]{4,256}/g;
/** The ASCII codes that `WORDS` takes. */
const IN_WORD = Uint8Array.from({ length: 128 }, (_, code) =>
  /[\w+/=~.-]/.test(String.fromCharCode(code)) ? 1 : 0,
);
/** Names and words of a language are no halves of a key. */
const MAY_BE_HALF = /[\d_-]|[a-z][A-Z]|^[A-Z]{4}/;
const NONE: readonly string[] = [];

export function openEnds(): OpenEnds {
  return { words: NONE };
}

/** Looks at the next text, or document, on the same way. */
export function spliceSecrets(
  inspection: Inspection,
  before: OpenEnds,
  value: JsonValue,
): Finding | undefined {
  const plan = scanPlan(inspection);
  if (!plan.rules.has(DETECTOR)) return undefined;
  const texts: string[] = [];
  gatherLast(value, 0, texts);
  for (const text of texts.toReversed()) {
    const found = before.words.length === 0 ? undefined : spliced(plan, inspection, before, text);
    if (found !== undefined) return found;
    const end = endOf(onlySecrets(plan, inspection), text);
    if (end !== undefined && !before.words.includes(end)) {
      before.words = [...before.words.slice(1 - ENDS_MAX), end];
    }
  }
  return undefined;
}

/** The last ones first. */
function gatherLast(value: JsonValue, depth: number, texts: string[]): void {
  if (depth > JSON_DEPTH_MAX || texts.length >= TEXTS_MAX) return;
  if (typeof value === "string") {
    if (value.length >= HALF_MIN) texts.push(value);
  } else if (isJsonArray(value)) {
    for (let i = value.length - 1; i >= 0; i -= 1) gatherLast(value[i] ?? null, depth + 1, texts);
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value).toReversed()) {
      gatherLast(value[key] ?? null, depth + 1, texts);
    }
  }
}

/** The last word, where a secret may have begun in it. */
function endOf(secrets: Inspection, text: string): string | undefined {
  const word = lastWord(text.slice(-HALF_MAX).trimEnd());
  if (word.length < HALF_MIN || !MAY_BE_HALF.test(word)) return undefined;
  return nextAnchor(scanPlan(secrets).anchors, word, 0) < 0 ? undefined : word;
}

/** From behind, by hand: a pattern would begin a try at every word before. */
function lastWord(text: string): string {
  let start = text.length;
  while (start > 0 && IN_WORD[text.charCodeAt(start - 1)] === 1) start -= 1;
  return text.slice(start);
}

function spliced(
  plan: ScanPlan,
  inspection: Inspection,
  { words: ends }: OpenEnds,
  text: string,
): Finding | undefined {
  const words = text.slice(0, HEAD_UNITS).match(WORDS)?.slice(0, WORDS_MAX) ?? NONE;
  for (const word of words) {
    if (!MAY_BE_HALF.test(word)) continue;
    for (const end of ends) {
      const found = secretOver(onlySecrets(plan, inspection), end, word);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Of the joined halves, where they meet. */
function secretOver(secrets: Inspection, end: string, word: string): Finding | undefined {
  const scanner = createPartScanner(secrets, "split", NONE);
  scanner.push(end + word);
  scanner.end();
  return scanner.findings.find((finding) => finding.start < end.length && finding.end > end.length);
}

/** By the rules of plans, which exchanges share. */
const inspections = new WeakMap<ScanPlan["rules"], Inspection>();

function onlySecrets({ rules }: ScanPlan, { surface }: Inspection): Inspection {
  const known = inspections.get(rules);
  if (known !== undefined) return known;
  const wanted = rules.get(DETECTOR) ?? [];
  const made = { surface, rules: wanted.map((rule) => ({ ...rule, find: [DETECTOR] })) };
  inspections.set(rules, made);
  return made;
}
