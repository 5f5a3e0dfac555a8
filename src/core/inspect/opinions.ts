/**
 * A second opinion on texts of which the detectors are not sure. It is asked for beforehand, because
 * the look that counts is synchronous, and moves scores within bounds: it never finds anything by
 * itself, and takes back nothing that is certain.
 */
import type { JsonValue } from "../json.ts";
import type { Principal } from "../principal.ts";
import { INJECTION_DETECTOR } from "./detectors/injection.ts";
import type { Finding } from "./finding.ts";
import { eachText } from "./foresee.ts";
import type { Inspection } from "./inspection.ts";
import { createPartScanner } from "./part-scanner.ts";
import { scanPlan } from "./scan-plan.ts";

/** Scores that are uncertain, and how far an opinion moves them. */
export interface UncertainBand {
  readonly from: number;
  readonly to: number;
  readonly raiseMax: number;
  readonly lowerMax: number;
}

/** How much like an attack it looks to whoever was asked, 0–100; undefined: nobody answered. */
export type AskOpinion = (excerpt: string) => Promise<number | undefined>;

/** What became of texts whose judge was away, as the operator wrote. */
export type WithoutOpinion = "attack" | "harmless" | "as_found";

/** The opinions of one exchange. */
export interface Opinions {
  readonly band: UncertainBand;
  /** Points to add to what is found in this text; 0 for most. */
  leanOf(text: string): number;
  /** Asks about what is uncertain in it. Undefined: nothing is. */
  form(inspection: Inspection, content: JsonValue): Promise<void> | undefined;
}

/** Gives second opinions. */
export interface Judge {
  /** Whether the call is one of the judge's. */
  isOwn(principal: Principal): boolean;
  openOpinions(): Opinions;
}

export interface OpinionSource {
  readonly band: UncertainBand;
  readonly ask: AskOpinion;
  /** Read when an opinion is missing: `open` ends at a day. */
  withoutOpinion(): WithoutOpinion;
}

/** Texts of one document that are asked about; more uncertain ones are without an opinion. */
const TEXTS_MAX = 8;
/** Around what was found, on either side. */
const AROUND_UNITS = 1500;
const SCORE_MAX = 100;
const NONE: readonly string[] = [];

interface Doubt {
  readonly text: string;
  readonly score: number;
  readonly excerpt: string;
}

export function openOpinions(source: OpinionSource): Opinions {
  const { band } = source;
  const leans = new Map<string, number>();
  const uncertain: Inspection = {
    surface: "response",
    rules: [{ id: "judge", find: [INJECTION_DETECTOR], scoreMin: band.from, action: "report" }],
  };
  return {
    band,
    leanOf: (text) => leans.get(text) ?? 0,
    form(inspection, content) {
      if (!scanPlan(inspection).rules.has(INJECTION_DETECTOR)) return undefined;
      const doubts = doubtsIn(content, uncertain, band).filter(({ text }) => !leans.has(text));
      if (doubts.length === 0) return undefined;
      return judgeAll(doubts, source, leans);
    },
  };
}

async function judgeAll(
  doubts: readonly Doubt[],
  source: OpinionSource,
  leans: Map<string, number>,
): Promise<void> {
  const judged = doubts.map(async ({ text, score, excerpt }, i) => {
    const opinion = i < TEXTS_MAX ? await source.ask(excerpt) : undefined;
    leans.set(text, leanTo(opinion, score, source));
  });
  await Promise.all(judged);
}

function leanTo(opinion: number | undefined, score: number, source: OpinionSource): number {
  const { raiseMax, lowerMax } = source.band;
  if (opinion !== undefined) return Math.max(-lowerMax, Math.min(raiseMax, opinion - score));
  switch (source.withoutOpinion()) {
    case "attack":
      return SCORE_MAX;
    case "harmless":
      return -SCORE_MAX;
    case "as_found":
      return 0;
  }
}

/** The texts whose strongest finding lies in the band. */
function doubtsIn(
  content: JsonValue,
  uncertain: Inspection,
  { to }: UncertainBand,
): readonly Doubt[] {
  const doubts: Doubt[] = [];
  eachText(content, "", 0, (text) => {
    const scanner = createPartScanner(uncertain, "judge", NONE);
    scanner.push(text);
    scanner.end();
    const best = strongest(scanner.findings);
    if (best === undefined || best.score > to) return;
    const from = Math.max(0, best.start - AROUND_UNITS);
    const excerpt = text.slice(from, best.end + AROUND_UNITS);
    doubts.push({ text, score: best.score, excerpt });
  });
  return doubts;
}

function strongest(findings: readonly Finding[]): Finding | undefined {
  return findings.reduce<Finding | undefined>(
    (best, one) => (best === undefined || one.score > best.score ? one : best),
    undefined,
  );
}

/** The same rules for one exchange, with what is thought of its texts. */
export function withOpinions(inspection: Inspection, opinions: Opinions): Inspection {
  return { ...inspection, plain: inspection.plain ?? inspection, opinions };
}

/** By inspection, the same without injection: compiled once. */
const relieved = new WeakMap<Inspection, Inspection>();

export function withoutInjection(inspection: Inspection): Inspection {
  const known = relieved.get(inspection);
  if (known !== undefined) return known;
  const rules = inspection.rules.flatMap((rule) => {
    const find = rule.find.filter((name) => name !== INJECTION_DETECTOR);
    return find.length === 0 ? [] : { ...rule, find };
  });
  const made = { ...inspection, rules };
  relieved.set(inspection, made);
  return made;
}
