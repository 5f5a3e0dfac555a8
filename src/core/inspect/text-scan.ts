import type { Lane } from "./classifier/classifier.ts";
import type { Labelled } from "./detectors/labelled.ts";
import type { Edit } from "./edit.ts";
import type { Finding } from "./finding.ts";
import { toOriginal, type OffsetMap } from "./fold.ts";
import type { Sight } from "./next-sight.ts";
import type { NotAllSeen } from "./not-all-seen.ts";
import type { ScanBudget } from "./scan-budget.ts";
import type { ScanPlan } from "./scan-plan.ts";
import type { CountedHosts, Hit, IntricateHosts, View } from "./signature.ts";

/** What candidates are shown of the text: set for each, for they are many. */
export type Window = { -readonly [key in keyof View]: View[key] };

/** Mutable state of one text part. Indexes count in `text`; offsets in the whole folded part. */
export interface TextScan {
  readonly plan: ScanPlan;
  /** Literals that are always taken out, whatever the plan. */
  readonly withheld: readonly string[];
  /** All literals that are replaced here: those, and names that become values again. */
  readonly literals: readonly string[];
  /** Points that an opinion on the whole text adds to what is found in it. */
  lean: number;
  part: string;
  label: string;
  /** `text` as it was before folding, from that offset on; empty until folding changes it. */
  written: string;
  writtenFrom: number;
  /** Judge the whole text by what it is called. */
  labelled: readonly Labelled[];
  /** Folded text that is still needed; begins at folded offset `base`. */
  text: string;
  base: number;
  /** Every candidate before this index is judged. */
  cursor: number;
  /** Everything before this index may leave. */
  released: number;
  /** Something begins here for certain that more text may complete; the text's end if nothing does. */
  begun: number;
  /** End of the last redaction. */
  floor: number;
  /** Original units taken in, without `surrogate`. */
  taken: number;
  /** Half a code point at the end of the last piece. */
  surrogate: string;
  ended: boolean;
  /** The last redaction goes on while this holds. */
  swallow: Hit["more"];
  map: OffsetMap;
  readonly sights: Map<object, Sight>;
  readonly intricate: IntricateHosts;
  /** Hosts with plain names. */
  readonly named: CountedHosts;
  /** Made for the first candidate. */
  window: Window | undefined;
  /** Recent hits that strengthen each other. */
  readonly signals: Signal[];
  findings: Finding[];
  /** In order, all below the safe offset; the last one may grow at its end. */
  edits: Edit[];
  blocked: Finding | undefined;
  /** Undefined: no rule wants injection, or nothing is trained to see it. */
  lane: Lane | undefined;
  /** How much the text around this one speaks about attacks (`token-setting.ts`). */
  talk: number;
  /** Index of the finding that the lane's window still exceeds; -1: none. */
  episode: number;
  /** Encodings that were taken off to get here. */
  readonly depth: number;
  readonly budget: ScanBudget;
  /** Every run of digits, and every escape, before these indexes is decoded or was none. */
  runFrom: number;
  escapeFrom: number;
  /** Where the passage begins that is looked at next for disguised words; `NO_PASSAGE`: none is. */
  passageFrom: number;
  /** Up to this offset the text has paid for looks at what it hides. */
  paid: number;
  /** A run that waits for its end is known to go on up to here. */
  runSeen: number;
  /** Why not all was looked at; undefined: all was. */
  capped: NotAllSeen | undefined;
}

const NONE: readonly Labelled[] = [];

export interface Signal {
  readonly signature: string;
  readonly offset: number;
  readonly score: number;
  /** Words that are only shown. */
  readonly shown: boolean;
}

export function openScan(
  plan: ScanPlan,
  withheld: readonly string[],
  part: string,
  budget: ScanBudget,
  depth = 0,
): TextScan {
  return {
    plan,
    withheld,
    literals: depth === 0 ? literalsOf(plan, withheld) : withheld,
    lean: 0,
    part,
    label: "",
    written: "",
    writtenFrom: 0,
    labelled: NONE,
    text: "",
    base: 0,
    cursor: 0,
    released: 0,
    begun: 0,
    floor: 0,
    taken: 0,
    surrogate: "",
    ended: false,
    swallow: undefined,
    map: { at: [], delta: [] },
    sights: new Map(),
    intricate: { read: 0, place: -1, isRead: false, work: 0 },
    named: { read: 0, place: -1, isRead: false },
    window: undefined,
    signals: [],
    findings: [],
    edits: [],
    blocked: undefined,
    lane: undefined,
    talk: 0,
    episode: -1,
    depth,
    budget,
    runFrom: 0,
    escapeFrom: 0,
    passageFrom: 0,
    paid: 0,
    runSeen: 0,
    capped: undefined,
  };
}

/** A name behind an encoding stays a name: its value would not be encoded. */
function literalsOf({ restored }: ScanPlan, withheld: readonly string[]): readonly string[] {
  return restored.size === 0 ? withheld : [...withheld, ...restored.keys()];
}

/** Original offset of an index; at the end of the text, with what was folded away behind it. */
export function originalAt(scan: TextScan, index: number): number {
  return index >= scan.text.length ? scan.taken : toOriginal(scan.map, scan.base + index);
}
