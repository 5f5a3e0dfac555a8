/**
 * Follows the texts of a stream ahead of the look that counts, so that a second opinion is there
 * when it comes: of texts that go on, on what has come of them so far.
 */
import type { JsonValue } from "../json.ts";
import type { Finding } from "./finding.ts";
import { eachText, FORESEEN_BYTES_MIN } from "./foresee.ts";
import type { Inspection } from "./inspection.ts";
import { createPartScanner, type PartScanner } from "./part-scanner.ts";
import type { Span } from "./frame.ts";

/** What is uncertain in a text, or in a part of a stream that goes on. */
export interface Doubt {
  readonly of: "text" | "part";
  /** The text itself, or the part's name. */
  readonly key: string;
  readonly score: number;
  readonly excerpt: string;
}

/** Who is told of what was seen. */
export interface DoubtDesk {
  /** Findings from there on are doubted; the band's end. */
  readonly uncertain: Inspection;
  readonly to: number;
  /** Asks about them; undefined: all of it is known. */
  ask(doubts: readonly Doubt[]): Promise<void> | undefined;
  /** What is in this part is beyond doubt: no opinion counts any more. */
  certain(part: string): void;
}

/** Parts followed at once; what comes beyond is judged as the detectors find it. */
const PARTS_MAX = 256;
/** Around what was found, on either side. */
const AROUND_UNITS = 1500;
const NONE: readonly string[] = [];

/** The texts whose strongest finding lies in the band. */
export function doubtsIn(content: JsonValue, { uncertain, to }: DoubtDesk): readonly Doubt[] {
  const doubts: Doubt[] = [];
  eachText(content, "", 0, (text) => {
    const scanner = createPartScanner(uncertain, "judge", NONE);
    scanner.push(text);
    scanner.end();
    const best = strongest(scanner.findings);
    if (best === undefined || best.score > to) return;
    const from = Math.max(0, best.start - AROUND_UNITS);
    const excerpt = text.slice(from, best.end + AROUND_UNITS);
    doubts.push({ of: "text", key: text, score: best.score, excerpt });
  });
  return doubts;
}

interface Followed {
  readonly scanner: PartScanner;
  /** Undefined: looked at as it comes. */
  whole: string | undefined;
  /** The end of what has come, up to `taken`. */
  tail: string;
  taken: number;
  /** The strongest that was asked about, and up to where its excerpt went. */
  askedScore: number;
  askedTo: number;
}

/** A class: one is made for each stream, with the parts that are open in it. */
export class StreamDoubts {
  readonly #desk: DoubtDesk;
  readonly #parts = new Map<string, Followed>();
  #doubts: Doubt[] = [];

  constructor(desk: DoubtDesk) {
    this.#desk = desk;
  }

  /** A document that is complete. */
  whole(content: JsonValue): void {
    this.#doubts.push(...doubtsIn(content, this.#desk));
  }

  /** The next pieces of what the stream says. */
  spans(spans: readonly Span[]): void {
    for (const span of spans) this.#follow(span);
  }

  end(): void {
    for (const [part, followed] of this.#parts) this.#close(part, followed);
  }

  /** Asks about what is doubted since the last time; undefined: nothing is. */
  settle(): Promise<void> | undefined {
    if (this.#doubts.length === 0) return undefined;
    const doubts = this.#doubts;
    this.#doubts = [];
    return this.#desk.ask(doubts);
  }

  #follow({ part, text, whole, last }: Span): void {
    const known = this.#parts.get(part);
    if (known === undefined && last) return this.whole(text);
    if (known === undefined && this.#parts.size >= PARTS_MAX) return;
    const followed = known ?? this.#open(part, whole);
    if (followed.whole === undefined) this.#read(part, followed, text);
    else followed.whole = (followed.whole + text).slice(-FORESEEN_BYTES_MIN);
    if (last) this.#close(part, followed);
  }

  #open(part: string, whole: boolean): Followed {
    const scanner = createPartScanner(this.#desk.uncertain, part, NONE);
    const followed: Followed = {
      scanner,
      whole: whole ? "" : undefined,
      tail: "",
      taken: 0,
      askedScore: -1,
      askedTo: 0,
    };
    this.#parts.set(part, followed);
    return followed;
  }

  #read(part: string, followed: Followed, text: string): void {
    followed.taken += text.length;
    followed.tail = (followed.tail + text).slice(-2 * AROUND_UNITS);
    followed.scanner.push(text);
    this.#doubt(part, followed);
  }

  #close(part: string, followed: Followed): void {
    this.#parts.delete(part);
    if (followed.whole !== undefined) return this.whole(followed.whole);
    followed.scanner.end();
    this.#doubt(part, followed);
  }

  /** What is stronger than what was asked about, or was not in its excerpt, is asked about anew. */
  #doubt(part: string, followed: Followed): void {
    const { scanner, tail, taken, askedScore, askedTo } = followed;
    const isNew = ({ score, start }: Finding): boolean => score > askedScore || start >= askedTo;
    const best = strongest(scanner.findings.filter(isNew));
    if (best === undefined) return;
    followed.askedScore = Math.max(askedScore, best.score);
    followed.askedTo = taken;
    if (best.score > this.#desk.to) return this.#desk.certain(part);
    const from = Math.max(0, best.start - AROUND_UNITS - (taken - tail.length));
    this.#doubts.push({ of: "part", key: part, score: best.score, excerpt: tail.slice(from) });
  }
}

function strongest(findings: readonly Finding[]): Finding | undefined {
  return findings.reduce<Finding | undefined>(
    (best, one) => (best === undefined || one.score > best.score ? one : best),
    undefined,
  );
}
