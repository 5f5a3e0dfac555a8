/** Records ↔ rows. */
import {
  RECORD_KINDS,
  type IndexedRecord,
  type RecordFacts,
  type RecordKind,
} from "../../core/ledger/ledger-index.ts";
import { parseEntry } from "../../core/ledger/parse-entry.ts";
import { id, instant, type Digest } from "../../core/units.ts";
import type { ReadRecord } from "../ledger/read-onward.ts";
import type { EntryRow } from "./index-schema.ts";

export function rowOf(
  { entry, hash }: Pick<ReadRecord, "entry" | "hash">,
  facts: RecordFacts,
  position: number,
): EntryRow {
  const { writer, seq, at, kind } = entry;
  return {
    position,
    writer,
    seq,
    hash,
    at,
    kind,
    tenant: facts.tenant,
    subject: facts.subject ?? null,
    agent: facts.agent ?? null,
    session: facts.session ?? null,
    user: facts.user ?? null,
    upstream: facts.upstream ?? null,
    model: facts.model ?? null,
    tool: facts.tool ?? null,
    action: facts.action ?? null,
    effect: facts.effect ?? null,
    outcome: facts.outcome ?? null,
    code: facts.code ?? null,
    cost: facts.cost ?? null,
    flagged: facts.flagged ? 1 : 0,
    score: facts.score ?? null,
    words: facts.words,
  };
}

export function factsOfRow(row: EntryRow): RecordFacts {
  return {
    tenant: id(row.tenant),
    subject: row.subject ?? undefined,
    agent: row.agent ?? undefined,
    session: row.session ?? undefined,
    user: row.user ?? undefined,
    upstream: row.upstream ?? undefined,
    model: row.model ?? undefined,
    tool: row.tool ?? undefined,
    action: row.action ?? undefined,
    effect: row.effect ?? undefined,
    outcome: row.outcome ?? undefined,
    code: row.code ?? undefined,
    cost: row.cost === null ? undefined : Number(row.cost),
    flagged: Number(row.flagged) === 1,
    score: row.score ?? undefined,
    words: row.words,
  };
}

/** `reveal`: the text of a token (`PersonalTexts`). */
export function recordOfRow(
  row: EntryRow & { readonly record: string },
  reveal: (token: string) => string,
): IndexedRecord {
  const kind = kindOf(row.kind);
  return {
    ...factsOfRow(row),
    writer: row.writer,
    seq: Number(row.seq),
    hash: id<Digest>(row.hash),
    at: instant(Number(row.at)),
    kind,
    position: Number(row.position),
    details: kind === "event" ? detailsIn(row.record, reveal) : undefined,
    record: row.record,
  };
}

function detailsIn(record: string, reveal: (token: string) => string): string | undefined {
  const entry = parseEntry(JSON.parse(record));
  const details = entry?.kind === "event" ? entry.event.details : undefined;
  return details && reveal(details);
}

function kindOf(text: string): RecordKind {
  const kind = RECORD_KINDS.find((known) => known === text);
  if (kind === undefined) throw new TypeError(`the index has a record of kind ${text}`);
  return kind;
}
