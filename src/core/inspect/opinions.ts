/**
 * A second opinion on texts of which the detectors are not sure. It is asked for beforehand, because
 * the look that counts is synchronous, and moves scores within bounds: it never finds anything by
 * itself, and takes back nothing that is certain.
 */
import type { JsonValue } from "../json.ts";
import type { Principal } from "../principal.ts";
import { INJECTION_DETECTOR } from "./detectors/injection.ts";
import type { Inspection } from "./inspection.ts";
import { scanPlan } from "./scan-plan.ts";
import { doubtsIn, StreamDoubts, type Doubt, type DoubtDesk } from "./stream-doubts.ts";

/** Scores that are uncertain, and how far an opinion moves them. */
export interface UncertainBand {
  readonly from: number;
  readonly to: number;
  readonly raiseMax: number;
  readonly lowerMax: number;
}

/** How much like an attack it looks to whoever was asked, 0–100; undefined: nobody answered. */
export type AskOpinion = (excerpt: string) => Promise<number | undefined>;

/** What the operator wants of uncertain texts while the judge is away. */
export type WithoutOpinion = "attack" | "harmless" | "as_found";

/** The opinions of one exchange. */
export interface Opinions {
  readonly band: UncertainBand;
  /** Points to add to what is found in this text; 0 for most. */
  leanOf(text: string): number;
  /** Points to add to what is found in a part of a stream that goes on. */
  leanOfPart(part: string): number;
  /** Asks about what is uncertain in it. Undefined: nothing is. */
  form(inspection: Inspection, content: JsonValue): Promise<void> | undefined;
  /** For a stream, ahead of the look that counts. Undefined: nobody looks for injection. */
  follow(inspection: Inspection): StreamDoubts | undefined;
  /** Empty opinions from the same source, for the next of many messages. */
  anew(): Opinions;
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

/** Questions asked at once, and about one stream; what is beyond is without an opinion. */
const TEXTS_MAX = 8;
const SCORE_MAX = 100;

export function openOpinions(source: OpinionSource): Opinions {
  const leans = { text: new Map<string, number>(), part: new Map<string, number>() };
  const keep = ({ of, key, score }: Doubt, opinion: number | undefined): void =>
    void leans[of].set(key, leanTo(opinion, score, source));
  return {
    band: source.band,
    leanOf: (text) => leans.text.get(text) ?? 0,
    leanOfPart: (part) => leans.part.get(part) ?? 0,
    form(inspection, content) {
      if (!looksForInjection(inspection)) return undefined;
      const desk = deskFor(source, leans, keep);
      return desk.ask(doubtsIn(content, desk));
    },
    follow: (inspection) =>
      looksForInjection(inspection) ? new StreamDoubts(deskFor(source, leans, keep)) : undefined,
    anew: () => openOpinions(source),
  };
}

function looksForInjection(inspection: Inspection): boolean {
  return scanPlan(inspection).rules.has(INJECTION_DETECTOR);
}

type Leans = Record<Doubt["of"], Map<string, number>>;

/** `keep`: takes an answer, or none, for what became of the doubt. */
function deskFor(
  { band, ask }: OpinionSource,
  leans: Leans,
  keep: (doubt: Doubt, opinion: number | undefined) => void,
): DoubtDesk {
  let asked = 0;
  return {
    uncertain: uncertainIn(band),
    to: band.to,
    certain: (part) => void leans.part.set(part, 0),
    ask(doubts) {
      const open = doubts.filter(({ of, key }) => of === "part" || !leans.text.has(key));
      if (open.length === 0) return undefined;
      const answers = open.map(async (doubt) => {
        asked += 1;
        keep(doubt, asked > TEXTS_MAX ? undefined : await ask(doubt.excerpt));
      });
      return Promise.all(answers).then(() => undefined);
    },
  };
}

/** By band: compiled once. */
const uncertains = new WeakMap<UncertainBand, Inspection>();

function uncertainIn(band: UncertainBand): Inspection {
  const known = uncertains.get(band);
  if (known !== undefined) return known;
  const made: Inspection = {
    surface: "response",
    rules: [{ id: "judge", find: [INJECTION_DETECTOR], scoreMin: band.from, action: "report" }],
  };
  uncertains.set(band, made);
  return made;
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
