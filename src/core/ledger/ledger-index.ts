/**
 * The record as it is asked for: one row a record, over all chains of a directory (or of all
 * machines that share a database). It holds nothing that the segments do not hold.
 */
import type { Digest, Instant, TenantId } from "../units.ts";
import type { Entry } from "./entry.ts";

export interface LedgerIndex {
  /** One page in the order of time. */
  page(query: LedgerQuery): Promise<LedgerPage>;
  /** What is recorded under a name: `<writer>:<seq>`, an exchange's or an event's id. */
  find(tenant: TenantId, name: string): Promise<readonly IndexedRecord[]>;
  /** Sums over what the filter leaves, largest count first. */
  tally(query: TallyQuery): Promise<readonly TallyRow[]>;
  /** What arrived in the index behind `cursor`, in the order of its arrival. */
  arrivals(query: ArrivalQuery): Promise<Arrivals>;
}

/** What every question rejects with where the index cannot answer now. */
export class IndexUnreachable extends Error {
  /** `why` is for the caller; the cause for the log. */
  constructor(why: string, cause?: unknown) {
    super(why, { cause });
    this.name = "IndexUnreachable";
  }
}

export type RecordKind = Entry["kind"];

export const RECORD_KINDS = [
  "intent",
  "outcome",
  "segment",
  "boot",
  "recovered",
  "resumed",
  "change",
  "event",
  "seal",
] as const satisfies readonly RecordKind[];

/** The kinds that tell of a deed and how it ended: each deed once. */
export const DEEDS = ["outcome", "event"] as const satisfies readonly RecordKind[];

/** What a record says, under the names that people ask for. An outcome repeats what was asked. */
export interface RecordFacts {
  readonly tenant: TenantId;
  /** The exchange or the outside event that the record belongs to. */
  readonly subject: string | undefined;
  readonly agent: string | undefined;
  readonly session: string | undefined;
  readonly user: string | undefined;
  readonly upstream: string | undefined;
  readonly model: string | undefined;
  readonly tool: string | undefined;
  /** `llm`, `tool`, `http`, `mcp`; of a change its name, of an outside event its action. */
  readonly action: string | undefined;
  readonly effect: string | undefined;
  readonly outcome: string | undefined;
  /** Of the refusal. */
  readonly code: string | undefined;
  /** Nano-USD. */
  readonly cost: number | undefined;
  readonly flagged: boolean;
  /** The highest among the findings, 0 to 100. */
  readonly score: number | undefined;
  /** Lower-case words that a search by text looks in. */
  readonly words: string;
}

export interface IndexedRecord extends RecordFacts {
  readonly writer: string;
  readonly seq: number;
  readonly hash: Digest;
  readonly at: Instant;
  readonly kind: RecordKind;
  /** Where it stands among the arrivals. */
  readonly position: number;
  /** An outside event's free text, for as long as it is kept. */
  readonly details: string | undefined;
  /** Canonical JSON as it was written. */
  readonly record: string;
}

/** The names by which records are found and counted. */
export const RECORD_FIELDS = [
  "agent",
  "session",
  "user",
  "upstream",
  "model",
  "tool",
  "action",
  "effect",
  "outcome",
  "code",
  "kind",
] as const;
export type RecordField = (typeof RECORD_FIELDS)[number];

export interface LedgerFilter {
  readonly tenant: TenantId;
  /** Each field is one of these. */
  readonly only: Readonly<Partial<Record<RecordField, readonly string[]>>>;
  /** Not before; before. */
  readonly from: Instant | undefined;
  readonly to: Instant | undefined;
  readonly flagged: boolean | undefined;
  readonly scoreMin: number | undefined;
  /** Found anywhere in the words, whatever their case. */
  readonly text: string | undefined;
}

export interface LedgerQuery extends LedgerFilter {
  readonly order: "newest" | "oldest";
  /** `next` of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

export interface LedgerPage {
  readonly records: readonly IndexedRecord[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

export const TALLY_GROUPS = ["day", ...RECORD_FIELDS] as const;
export type TallyGroup = (typeof TALLY_GROUPS)[number];

export interface TallyQuery extends LedgerFilter {
  readonly groups: readonly TallyGroup[];
  readonly max: number;
}

/** Counts of the records that have the same values in the groups. */
export interface TallyRow {
  /** `day` is a UTC day, `2026-11-21`. */
  readonly cell: Readonly<Partial<Record<TallyGroup, string>>>;
  readonly count: number;
  readonly flagged: number;
  /** Nano-USD. */
  readonly cost: number;
}

export interface ArrivalQuery {
  readonly tenant: TenantId;
  /** Undefined: from now on. */
  readonly after: string | undefined;
  readonly limit: number;
}

export interface Arrivals {
  readonly records: readonly IndexedRecord[];
  /** Where to go on, whether or not there were any. */
  readonly cursor: string;
}

/** A record's place in a chain as people write it. */
export function placeText({ writer, seq }: Pick<IndexedRecord, "writer" | "seq">): string {
  return `${writer}:${seq}`;
}

/** A place among the arrivals, and in the order of time: opaque to whoever gives it back. */
export function cursorText({ at, position }: Cursor): string {
  return `${at}.${position}`;
}

/** Undefined where it is none of ours. */
export function parseCursor(text: string): Cursor | undefined {
  const [, at, position] = /^(\d{1,16})\.(\d{1,16})$/u.exec(text) ?? [];
  return at === undefined ? undefined : { at: Number(at), position: Number(position) };
}

export interface Cursor {
  readonly at: number;
  readonly position: number;
}

/** A filter that leaves everything of a tenant. */
export function everythingOf(tenant: TenantId): LedgerFilter {
  return {
    tenant,
    only: {},
    from: undefined,
    to: undefined,
    flagged: undefined,
    scoreMin: undefined,
    text: undefined,
  };
}
