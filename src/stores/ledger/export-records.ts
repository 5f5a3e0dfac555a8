/** Records as a file, and the signature that says whose they are. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { isJsonObject } from "../../core/json.ts";
import { exportWriter } from "../../core/ledger/export-format.ts";
import type { ExportedFile, ExportSelection } from "../../core/ledger/ledger-evidence.ts";
import type { RecordFacts } from "../../core/ledger/ledger-index.ts";
import { factsOf } from "../../core/ledger/record-facts.ts";
import type { Asked, Entry } from "../../core/ledger/entry.ts";
import { id } from "../../core/units.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { readEntries } from "./read-ledger.ts";
import { type ReadEntry } from "./read-line.ts";
import type { PublicKey, SigningKey } from "./signing-key.ts";

const SIGNATURE_VERSION = 1;
/** Signed before the text, so that no other document of the key can pass for an export. */
const CONTEXT = "sallyport export v1\n";
const OWNER_ONLY = 0o600;

export async function exportRecords(
  directory: string,
  path: string,
  selection: ExportSelection,
): Promise<ExportedFile> {
  const { opening, row, closing } = exportWriter(selection.format);
  const file = openSync(path, "w", OWNER_ONLY);
  const digest = createHash("sha256");
  const put = (text: string): void => {
    digest.update(text);
    writeSync(file, text);
  };
  let entries = 0;
  try {
    put(opening);
    for await (const { read, asked } of selected(directory, selection)) {
      put(row({ ...read, asked }));
      entries += 1;
    }
    put(closing);
  } finally {
    closeSync(file);
  }
  return { entries, sha256: id(digest.digest("hex")) };
}

/** One line of canonical JSON, to be kept beside the file. */
export function exportSignature({ entries, sha256 }: ExportedFile, key: SigningKey): string {
  const said = { entries, key: key.id, sha256, v: SIGNATURE_VERSION };
  const signature = key.sign(CONTEXT + canonicalJson(said));
  return canonicalJson({ ...said, signature });
}

/** What contradicts the signature in `<path>.sig`; undefined where it holds. Throws where nothing is to be read. */
export function flawOfExport(path: string, keys: readonly PublicKey[]): string | undefined {
  const said: unknown = JSON.parse(readFileSync(`${path}.sig`, "utf8"));
  if (!isJsonObject(said)) return "the signature cannot be read";
  const { signature, ...rest } = said;
  const key = keys.find(({ id: known }) => known === rest["key"]);
  if (key === undefined) return "it is signed with another key";
  const text = CONTEXT + canonicalJson(rest);
  if (typeof signature !== "string" || !key.verifies(text, signature)) {
    return "the signature is not the key's";
  }
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  return sha256 === rest["sha256"] ? undefined : "the file is not the one that was signed";
}

interface Selected {
  readonly read: ReadEntry;
  readonly asked: Asked | undefined;
}

interface OpenIntent {
  readonly asked: Asked;
  readonly facts: RecordFacts;
}

/** An outcome is told together with what its intent asked. */
async function* selected(directory: string, selection: ExportSelection): AsyncGenerator<Selected> {
  const open = new Map<string, OpenIntent>();
  for await (const read of readEntries(directory)) {
    const { entry } = read;
    const intent = entry.kind === "outcome" ? open.get(entry.exchange) : undefined;
    const facts = factsOf(entry, intent?.facts);
    if (entry.kind === "intent") open.set(entry.exchange, { asked: entry.asked, facts });
    if (entry.kind === "outcome") open.delete(entry.exchange);
    if (!isSelected(entry, facts, selection)) continue;
    yield { read, asked: "asked" in entry ? (entry.asked ?? intent?.asked) : undefined };
  }
}

function isSelected(entry: Entry, facts: RecordFacts, selection: ExportSelection): boolean {
  const { tenant, agent, kinds, from, to } = selection;
  if (from !== undefined && entry.at < from) return false;
  if (to !== undefined && entry.at >= to) return false;
  if (kinds.length > 0 && !kinds.includes(entry.kind)) return false;
  if (tenant !== undefined && facts.tenant !== tenant) return false;
  return agent === undefined || facts.agent === agent;
}
