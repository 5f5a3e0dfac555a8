import { isJsonObject, type JsonObject } from "../../core/json.ts";
import {
  appendDigest,
  frontierRoot,
  newFrontier,
  type Frontier,
} from "../../core/ledger/merkle-tree.ts";
import { GENESIS } from "../../core/ledger/record-chain.ts";
import type { Digest, Instant } from "../../core/units.ts";
import { canonicalJson, sha256Hex } from "../../lib/canonical-json.ts";
import { hexOf } from "../../lib/hex.ts";
import type { Entry } from "../../core/ledger/entry.ts";
import { PERSON_ERASED } from "../../core/ledger/personal-texts.ts";
import { segmentName } from "./ledger-layout.ts";
import type { Tombstone } from "./tombstone.ts";
import { lineAt, parsed, textOf, type SegmentLine } from "./segment-lines.ts";

/** Problems that one chain's report lists; more are only counted. */
const PROBLEMS_MAX = 200;

export type ProblemKind =
  | "malformed_line"
  | "hash_mismatch"
  | "not_canonical"
  | "foreign_writer"
  | "missing_records"
  | "repeated_record"
  | "broken_link"
  | "missing_segment"
  | "unwritten_space"
  | "torn_tail"
  | "head_mismatch"
  | "root_mismatch"
  | "bad_head"
  | "no_head"
  | "unknown_key"
  | "tail_cut"
  | "unexplained_removal"
  | "missing_chain";

/** One thing that is not as its writer left it, and where. */
export interface Problem {
  readonly kind: ProblemKind;
  /** `<writer>/<segment>`. */
  readonly file: string;
  /** Counted from 1; 0 stands for the whole file. */
  readonly line: number;
  /** Of the record concerned, as far as it can be told. */
  readonly seq: number | undefined;
  readonly detail: string;
}

/** A point of a chain that somebody noted earlier, elsewhere. */
export interface RecordedHead {
  readonly writer: string;
  readonly seq: number;
  readonly hash: Digest;
}

/** A tree of this chain that was signed, and where the head stands that says so. */
export interface SignedTree {
  readonly size: number;
  readonly root: Digest;
  readonly at: Instant;
  /** `<file> line <n>`. */
  readonly source: string;
}

/** How far a chain was followed, and what was wrong with it. */
export interface ChainCheck {
  readonly writer: string;
  readonly heads: readonly RecordedHead[];
  /** Smallest first. */
  readonly signed: readonly SignedTree[];
  /** The first of them that was not compared yet. */
  nextSigned: number;
  /** Over all records so far; stands still once one is missing. */
  readonly tree: Frontier;
  readonly problems: Problem[];
  problemsOmitted: number;
  records: number;
  /** Of them, how many retention removed: their hashes are left. */
  removed: number;
  /** Records that say that somebody's personal data was erased. */
  erasures: number;
  head: { readonly seq: number; readonly hash: Digest } | undefined;
  sealed: boolean;
  nextSegment: number;
  nextSeq: number;
  /** Hashes that the next record may point back to; undefined after a line nobody can read. */
  prevs: readonly Digest[] | undefined;
  file: string;
  line: number;
}

export function beginCheck(
  writer: string,
  heads: readonly RecordedHead[],
  signed: readonly SignedTree[],
): ChainCheck {
  return {
    writer,
    heads: heads.filter((head) => head.writer === writer),
    signed: signed.toSorted((a, b) => a.size - b.size),
    nextSigned: 0,
    tree: newFrontier(),
    problems: [],
    problemsOmitted: 0,
    records: 0,
    removed: 0,
    erasures: 0,
    head: undefined,
    sealed: false,
    nextSegment: 1,
    nextSeq: 0,
    prevs: [GENESIS],
    file: writer,
    line: 0,
  };
}

/** Follows the chain through its next segment; after a problem it finds back to the chain. */
export function checkSegment(
  check: ChainCheck,
  number: number,
  bytes: Buffer,
  isLast: boolean,
): void {
  check.file = `${check.writer}/${segmentName(number)}`;
  check.line = 0;
  if (number !== check.nextSegment) {
    const missing = `segments ${check.nextSegment} to ${number - 1} are missing`;
    add(check, "missing_segment", check.nextSeq, missing);
  }
  check.nextSegment = number + 1;
  let at = lineAt(bytes, 0);
  for (; at.kind === "line" || at.kind === "malformed"; at = lineAt(bytes, endOf(at))) {
    check.line += 1;
    check.records += 1;
    if (at.kind === "line") checkLine(check, at.line);
    else unreadable(check, "the line does not have the form of a record");
  }
  check.line += 1;
  if (at.kind === "torn") {
    add(check, "torn_tail", check.nextSeq, "the last line is incomplete: a crash or a hand cut it");
  } else if (at.zeros > 0 && !isLast) {
    add(check, "unwritten_space", undefined, "zeros end a segment that was closed");
  }
}

/** Goes on behind a segment that retention removed; `isExplained`: a record tells of the removal. */
export function passTombstone(
  check: ChainCheck,
  { number, firstSeq, hashes, kept }: Tombstone,
  isExplained: boolean,
): void {
  check.file = `${check.writer}/${segmentName(number)}`;
  check.line = 0;
  if (number !== check.nextSegment || firstSeq !== check.nextSeq) {
    add(check, "missing_records", check.nextSeq, "what was removed does not follow what is here");
  }
  if (!isExplained) {
    add(check, "unexplained_removal", firstSeq, "no record tells that this segment was removed");
  }
  check.erasures += kept.filter(({ entry }) => isErasure(entry)).length;
  for (const [index, hash] of hashes.entries()) {
    if (check.signed.length > 0) checkTree(check, firstSeq + index, hash);
    check.head = { seq: firstSeq + index, hash };
    check.prevs = [hash];
  }
  check.records += hashes.length;
  check.removed += hashes.length;
  check.nextSegment = number + 1;
  check.nextSeq = firstSeq + hashes.length;
}

function isErasure(entry: Entry): boolean {
  return entry.kind === "change" && entry.change === PERSON_ERASED;
}

/** Compares with the heads noted elsewhere, which alone tell of a tail that is gone. */
export function endCheck(check: ChainCheck): void {
  for (const { seq } of check.heads) {
    if (seq < check.nextSeq) continue;
    const missing = `records ${check.nextSeq} to ${seq} were cut off the end`;
    add(check, "tail_cut", check.nextSeq, missing);
  }
  for (const { size, at, source } of check.signed) {
    if (size <= check.nextSeq) continue;
    const when = new Date(at).toISOString();
    const missing = `records ${check.nextSeq} to ${size - 1}, signed ${when} (${source}), are gone`;
    add(check, "tail_cut", check.nextSeq, missing);
    return;
  }
}

function endOf(at: Exclude<ReturnType<typeof lineAt>, { kind: "end" }>): number {
  return at.kind === "line" ? at.line.end : at.end;
}

function checkLine(check: ChainCheck, line: SegmentLine): void {
  const computed = sha256Hex<Digest>(line.record);
  if (computed !== line.hash) {
    const detail = "the record does not have the hash that its line states";
    add(check, "hash_mismatch", check.nextSeq, detail);
    check.nextSeq += 1;
    // Whichever of the two was changed, the next record points back to the other.
    check.prevs = [line.hash, computed];
    return;
  }
  const text = textOf(line);
  const record = parsed(text);
  if (!isJsonObject(record)) {
    unreadable(check, "the record is not a JSON object");
    return;
  }
  if (canonicalJson(record) !== text) {
    add(check, "not_canonical", seqOf(record), "the record is not written in canonical form");
  }
  if (record["writer"] !== check.writer) {
    add(check, "foreign_writer", seqOf(record), "the record belongs to another chain");
  }
  checkLink(check, record, line.hash);
}

function checkLink(check: ChainCheck, record: JsonObject, hash: Digest): void {
  const { nextSeq } = check;
  const seq = seqOf(record) ?? -1;
  if (seq < nextSeq) {
    const detail = `record ${seq} stands where record ${nextSeq} belongs`;
    add(check, "repeated_record", seq, detail);
    return;
  }
  if (seq > nextSeq) {
    const detail = `records ${nextSeq} to ${seq - 1} are missing before this line`;
    add(check, "missing_records", nextSeq, detail);
  } else if (check.prevs?.every((prev) => prev !== record["prev"]) === true) {
    add(check, "broken_link", seq, "the record does not point back to the one before it");
  }
  check.nextSeq = seq + 1;
  check.prevs = [hash];
  check.head = { seq, hash };
  check.sealed = record["kind"] === "seal";
  if (record["change"] === PERSON_ERASED) check.erasures += 1;
  if (check.signed.length > 0) checkTree(check, seq, hash);
  for (const noted of check.heads) {
    if (noted.seq === seq && noted.hash !== hash) {
      add(check, "head_mismatch", seq, "the record is not the one that was noted as head");
    }
  }
}

/** A chain made anew from some record on is whole in itself; what was signed tells. */
function checkTree(check: ChainCheck, seq: number, hash: Digest): void {
  const { tree, signed } = check;
  if (tree.size !== seq) return;
  appendDigest(tree, hash);
  let next = signed[check.nextSigned];
  for (; next !== undefined && next.size <= tree.size; next = signed[check.nextSigned]) {
    check.nextSigned += 1;
    if (next.size < tree.size || next.root === hexOf(frontierRoot(tree))) continue;
    const when = new Date(next.at).toISOString();
    const detail = `records 0 to ${seq} are not those that were signed ${when} (${next.source})`;
    add(check, "root_mismatch", seq, detail);
  }
}

function unreadable(check: ChainCheck, detail: string): void {
  add(check, "malformed_line", check.nextSeq, detail);
  check.nextSeq += 1;
  check.prevs = undefined;
}

function add(check: ChainCheck, kind: ProblemKind, seq: number | undefined, detail: string): void {
  const { file, line, problems } = check;
  if (problems.length < PROBLEMS_MAX) problems.push({ kind, file, line, seq, detail });
  else check.problemsOmitted += 1;
}

function seqOf(record: JsonObject): number | undefined {
  const seq = record["seq"];
  return Number.isSafeInteger(seq) ? Number(seq) : undefined;
}
