/**
 * Writing that people do not see and a model reads is an attack whatever it says: nobody writes so
 * for a reader. What people do see and filters do not is only suspicious. What either says is
 * looked at besides, as folding makes it plain (`fold.ts`).
 *
 * @see https://www.unicode.org/reports/tr51/#flag-emoji-tag-sequences
 * @see https://trojansource.codes
 */
import { INJECTION_DETECTOR } from "../detectors/injection.ts";
import { FINDINGS_MAX, type Finding } from "../finding.ts";
import { redact } from "../judge.ts";
import { placeholder } from "../placeholder.ts";
import { marksOf, ruleFor } from "../scan-plan.ts";
import { originalAt, type TextScan } from "../text-scan.ts";

const INVISIBLE = "[\\u00ad\\u200b-\\u200f\\u2060-\\u2064\\ufeff]";
/** Cyrillic and Greek that a reader takes for Latin. */
const ALIKE = "[авекмнорстухіѕјһԁԛѡӏοαιρυκτε]";
/** A word of both: no language has three in a row. */
const MIXED = `(?:[A-Za-z]+${ALIKE}|${ALIKE}+[A-Za-z])(?:[A-Za-z]|${ALIKE})*`;

interface Writing {
  readonly signature: string;
  readonly score: number;
  /** Stands in all such writing: most texts in which other tells stand have none. */
  readonly tell: RegExp;
  readonly shape: RegExp;
}

const HIDDEN = 90;
const DISGUISED = 60;

/** A flag spells at most six tag characters, and an ideograph has one variation selector. */
const WRITINGS: readonly Writing[] = [
  {
    signature: "hidden-tag-characters",
    score: HIDDEN,
    tell: /\udb40/,
    shape: /(?:\udb40[\udc20-\udc7e]){8,}/g,
  },
  {
    signature: "hidden-variation-selectors",
    score: HIDDEN,
    tell: /\udb40/,
    shape: /(?:\udb40[\udd00-\uddef]){8,}/g,
  },
  {
    signature: "disguised-between-letters",
    score: DISGUISED,
    tell: new RegExp(INVISIBLE),
    shape: new RegExp(`(?:[A-Za-z]${INVISIBLE}{1,4}(?: ${INVISIBLE}{0,4})?){8,}[A-Za-z]?`, "g"),
  },
  {
    signature: "disguised-direction",
    score: DISGUISED,
    tell: /\u202e/,
    shape: /\u202e(?:[^A-Za-z\u202c\n]{0,3}[A-Za-z]){16,}/g,
  },
  {
    signature: "disguised-alphabet",
    score: DISGUISED,
    tell: new RegExp(ALIKE),
    shape: new RegExp(`(?<![A-Za-zа-я])${MIXED}(?: ${MIXED}){2,}`, "g"),
  },
];
/** One of them stands in all such writing, and in little else. */
const TELLS = /[\udb40\u00ad\u200b-\u200f\u202e\u2060-\u2064\ufeff\u0430-\u045f\u03b1-\u03c9]/;

/** Judges `[start, end)` of the folded text by how it was written. */
export function judgeHidden(scan: TextScan, start: number, end: number): void {
  const { written, writtenFrom } = scan;
  if (written === "") return;
  // What is folded away ahead of the first letter belongs to the text.
  const from = scan.base + start === 0 ? 0 : originalAt(scan, start);
  const passage = written.slice(from - writtenFrom, originalAt(scan, end) - writtenFrom);
  if (!TELLS.test(passage)) return;
  for (const { signature, score, tell, shape } of WRITINGS) {
    if (!tell.test(passage)) continue;
    for (const { index, 0: found } of passage.matchAll(shape)) {
      if (scan.blocked !== undefined) return;
      keep(scan, signature, score, from + index, from + index + found.length);
    }
  }
}

/** `start` and `end`: as it was written. */
function keep(scan: TextScan, signature: string, score: number, start: number, end: number): void {
  const { plan, part, findings } = scan;
  const rule = ruleFor(plan, INJECTION_DETECTOR, score, { signature, part });
  // Passages overlap.
  const isKnown = findings.some((known) => known.signature === signature && known.end > start);
  if (rule === undefined || isKnown) return;
  const finding: Finding = {
    detector: INJECTION_DETECTOR,
    signature,
    rule: rule.id,
    score,
    confidence: score / 100,
    part,
    start,
    end,
    action: rule.action,
    ...marksOf(plan, INJECTION_DETECTOR, score),
  };
  if (findings.length < FINDINGS_MAX) findings.push(finding);
  if (finding.action === "block") scan.blocked = finding;
  if (finding.action === "redact") takeOut(scan, start, end);
}

function takeOut(scan: TextScan, start: number, end: number): void {
  // In a stream some of it may have left.
  const from = Math.max(foldedAt(scan, start), scan.floor, scan.released);
  const to = foldedAt(scan, end);
  if (to > from)
    scan.cursor = Math.max(scan.cursor, redact(scan, from, to, placeholder(INJECTION_DETECTOR)));
}

/** The first index of the folded text that stands at an original offset or behind it. */
function foldedAt(scan: TextScan, offset: number): number {
  let low = 0;
  let high = scan.text.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (originalAt(scan, middle) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
