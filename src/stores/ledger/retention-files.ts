/** Retention on the segments of a data directory. */
import { join } from "node:path";
import {
  outlivesSegment,
  type ClosedSegment,
  type RetentionStore,
} from "../../core/ledger/retention.ts";
import { instant, type Digest, type Instant } from "../../core/units.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";
import { chainsOf, linesOf, readSegment, segmentsOf } from "./read-ledger.ts";
import { readLine } from "./read-line.ts";
import type { SegmentLine } from "./segment-lines.ts";
import { bury, tombText } from "./tombstone.ts";

export interface RetentionPlace {
  /** `<data>/ledger`. */
  readonly ledger: string;
  /** Whether every sink has what is in a segment. */
  readonly isShipped: (writer: string, number: number) => Promise<boolean>;
  /** Takes a chain's first records out of the index, up to and with `seq`. */
  readonly forget: (writer: string, seq: number) => Promise<void>;
}

export function retentionFiles(place: RetentionPlace): RetentionStore {
  const { ledger } = place;
  return {
    oldest: (before) => oldestSegments(place, before),
    tombstone(segment) {
      const text = tombText(segment);
      return { text, sha256: sha256Hex<Digest>(text) };
    },
    async bury({ writer, number, firstSeq, remains }, text) {
      await bury(join(ledger, writer), number, text);
      await place.forget(writer, firstSeq + remains.length - 1);
    },
  };
}

async function oldestSegments(
  { ledger, isShipped }: RetentionPlace,
  before: Instant,
): Promise<readonly ClosedSegment[]> {
  const found: ClosedSegment[] = [];
  for (const writer of await chainsOf(ledger)) {
    const [number, next] = await segmentsOf(join(ledger, writer));
    // The last one is written, or its chain's end: it stays.
    if (number === undefined || next === undefined) continue;
    const segment = await readClosed(ledger, writer, number);
    if (segment === undefined || segment.last >= before) continue;
    if (await isShipped(writer, number)) found.push(segment);
  }
  return found;
}

/** Undefined where a line of it cannot be read: what is damaged is evidence. */
async function readClosed(
  ledger: string,
  writer: string,
  number: number,
): Promise<ClosedSegment | undefined> {
  const remains: string[] = [];
  let first: { readonly at: Instant; readonly seq: number } | undefined;
  let last = 0;
  for (const line of linesOf(await readSegment(join(ledger, writer), number), 0)) {
    const entry = readLine(line)?.entry;
    if (entry === undefined) return undefined;
    first ??= entry;
    if (entry.seq !== first.seq + remains.length) return undefined;
    last = Math.max(last, entry.at);
    remains.push(outlivesSegment(entry) ? lineText(line) : line.hash);
  }
  if (first === undefined) return undefined;
  const { at, seq: firstSeq } = first;
  return { writer, number, first: at, last: instant(last), firstSeq, remains };
}

function lineText({ hash, record }: SegmentLine): string {
  return `{"hash":"${hash}","record":${Buffer.from(record).toString("utf8")}}`;
}
