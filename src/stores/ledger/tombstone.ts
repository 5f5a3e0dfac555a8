/**
 * What is left of a segment that retention removed: `<writer>/00000001.tomb`, one line that says
 * what it was, then the hash of every record. Trees, heads and proofs of other records go on to
 * hold; what the records said is gone.
 */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClosedSegment } from "../../core/ledger/retention.ts";
import { isJsonObject } from "../../core/json.ts";
import { id, type Digest } from "../../core/units.ts";
import { canonicalJson, sha256Hex } from "../../lib/canonical-json.ts";
import { diskFiles } from "./ledger-files.ts";
import { segmentName } from "./ledger-layout.ts";
import { readLine, type ReadEntry } from "./read-line.ts";
import { isHashed, lineAt } from "./segment-lines.ts";

const TOMB_VERSION = 1;
const OWNER_ONLY = 0o600;
const TOMB_NAME = /^(\d{8})\.tomb$/u;
const HASH = /^[0-9a-f]{64}$/u;

export interface Tombstone {
  readonly number: number;
  /** Of the first record that stood there. */
  readonly firstSeq: number;
  readonly hashes: readonly Digest[];
  /** Records that were left whole, because they explain what is gone. */
  readonly kept: readonly ReadEntry[];
  /** Of the file: the ledger's record of the removal names it. */
  readonly sha256: Digest;
}

export function tombText({ number, firstSeq, remains }: ClosedSegment): string {
  const head = { first_seq: firstSeq, records: remains.length, segment: number, v: TOMB_VERSION };
  return `${canonicalJson(head)}\n${remains.join("\n")}\n`;
}

/** Durable; the segment is gone afterwards. Done twice, it does nothing more. */
export async function bury(chain: string, number: number, text: string): Promise<void> {
  const path = join(chain, tombName(number));
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode: OWNER_ONLY, flush: true });
  await rename(draft, path);
  await diskFiles.syncDirectory(chain);
  await rm(join(chain, segmentName(number)), { force: true });
  await diskFiles.syncDirectory(chain);
}

/** In their order; those whose segment is still there say nothing yet. */
export async function tombstonesOf(chain: string): Promise<readonly Tombstone[]> {
  const names = await diskFiles.list(chain);
  const found: Tombstone[] = [];
  for (const name of names.toSorted()) {
    const number = Number(TOMB_NAME.exec(name)?.[1] ?? 0);
    if (number === 0 || names.includes(segmentName(number))) continue;
    const tombstone = readTombstone(number, await readFile(join(chain, name), "utf8"));
    if (tombstone !== undefined) found.push(tombstone);
  }
  return found;
}

/** Undefined where it does not have the form. */
function readTombstone(number: number, text: string): Tombstone | undefined {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const said = headOf(head);
  const firstSeq = said?.["first_seq"];
  const isOurs = said?.["segment"] === number && said["records"] === lines.length;
  if (!isOurs || typeof firstSeq !== "number") return undefined;
  const hashes: Digest[] = [];
  const kept: ReadEntry[] = [];
  for (const line of lines) {
    const read = HASH.test(line) ? undefined : wholeLine(line);
    if (read === undefined && !HASH.test(line)) return undefined;
    hashes.push(read?.hash ?? id(line));
    if (read !== undefined) kept.push(read);
  }
  return { number, firstSeq, hashes, kept, sha256: sha256Hex<Digest>(text) };
}

/** Undefined where it is none, or does not have the hash that it states. */
function wholeLine(text: string): ReadEntry | undefined {
  const at = lineAt(Buffer.from(`${text}\n`), 0);
  return at.kind === "line" && isHashed(at.line) ? readLine(at.line) : undefined;
}

function headOf(line: string) {
  try {
    const said: unknown = JSON.parse(line);
    return isJsonObject(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

function tombName(number: number): string {
  return segmentName(number).replace(".jsonl", ".tomb");
}
