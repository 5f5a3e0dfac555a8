import type { OffsetMap } from "./fold.ts";
import type { Sight } from "./next-sight.ts";
import type { DestinationLists } from "../destination/assess-destination.ts";

/**
 * Text units past a candidate's start that its match may read. Past it a match decides with what
 * it has, so nothing is ever held back for longer.
 */
export const HOLD_MAX = 512;

/** Units before a candidate that its match may read: the longest local part of an address. */
export const LOOK_BACK = 65;

/** The text that has come so far could still become a match, or stop being one. */
export const MORE = Symbol("more");

export interface Hit {
  readonly signature: string;
  /** 0–100. */
  readonly score: number;
  /** 0–1. */
  readonly confidence: number;
  readonly start: number;
  readonly end: number;
  /** Set where the match may go on past its window: which units still belong to it. */
  readonly more?: (unit: number, before: number) => boolean;
}

export type Outcome = Hit | typeof MORE | undefined;

/** Hosts of the text, of one kind. */
export interface CountedHosts {
  read: number;
  /** Offset of the last that was met, and whether it was read. */
  place: number;
  isRead: boolean;
}

/** Those that took long to read. */
export interface IntricateHosts extends CountedHosts {
  /** What they took that is not yet paid for; see `scan-budget.ts`. */
  work: number;
}

/** Text before it was folded, from the offset `writtenFrom` on; `written` is empty if nothing was. */
export interface OriginalText {
  readonly written: string;
  readonly writtenFrom: number;
  readonly base: number;
  readonly map: OffsetMap;
  /** Encodings that were taken off to get here. */
  readonly depth: number;
  readonly intricate: IntricateHosts;
  readonly named: CountedHosts;
  /** What candidates have looked for ahead of them; see `next-sight.ts`. */
  readonly sights: Map<object, Sight>;
}

/** What a match may read: from `LOOK_BACK` units before the candidate up to `stop`. */
export interface View {
  readonly text: string;
  /** Exclusive; never more than `HOLD_MAX` past the candidate. */
  readonly stop: number;
  /** Nothing follows `stop` that may be waited for: `MORE` counts as a miss. */
  readonly final: boolean;
  /** What the text is called where it stands, such as the key of its JSON member; or empty. */
  readonly label: string;
  /** The text as it was before folding. */
  readonly original: OriginalText;
  /** The operator's lists of domains. */
  readonly lists: DestinationLists;
  /** The text is on its way out, not back to the agent. */
  readonly leaves: boolean;
}

/**
 * One thing to look for. `match` is called only where an anchor stands or the text ends inside one,
 * reads forward inside its view, and must give the same answer for every longer view unless it said
 * `MORE`: that is what makes verdicts independent of how a stream was cut.
 */
export interface Signature {
  /** `injection`, `secret`, `pii.card`, … */
  readonly detector: string;
  /**
   * Literals (at least two units) with which every match begins, compared without case and with all
   * digits alike.
   */
  readonly anchors: readonly string[];
  /** The unit before a match is no letter or digit. */
  readonly wordStart: boolean;
  readonly match: (view: View, at: number) => Outcome;
}
