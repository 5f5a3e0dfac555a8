/**
 * Which corpus file is scored how. A detector family joins with one row here, an entry of the pack
 * `policies/packs/inspection.yaml`, and its signatures in `core/inspect/detectors/detectors.ts`.
 */
import type { CorpusRecord } from "./corpus.ts";
import { asEgress, asFetchedUrl, asToolArgument, bySurface, type Delivery } from "./deliveries.ts";

export interface Family {
  /** Detectors, or families of them, whose findings count; undefined: any. */
  readonly counts: readonly string[] | undefined;
  readonly deliver: (record: CorpusRecord) => readonly Delivery[];
  /** What a record is reported under. */
  readonly groupOf: (record: CorpusRecord) => string;
  /** Attacks that a text alone hardly decides: listed, not in the total. */
  readonly apart: ReadonlySet<string>;
}

const byKind = (record: CorpusRecord): string => record.kind;
const NONE: ReadonlySet<string> = new Set();
const ANY: Family = { counts: undefined, deliver: bySurface, groupOf: byKind, apart: NONE };

export const FAMILIES: Readonly<Record<string, Family>> = {
  injection: { ...ANY, counts: ["injection"], apart: new Set(["indirect_plain"]) },
  secrets: {
    ...ANY,
    counts: ["secret"],
    deliver: asToolArgument,
    groupOf: ({ tier, kind }) => tier ?? kind,
  },
  pii: { ...ANY, counts: ["pii"] },
  exploits: { ...ANY, counts: ["exploit"], deliver: asToolArgument },
  // A script in an address may be told of as such.
  urls: { ...ANY, counts: ["destination", "exploit.script"], deliver: asFetchedUrl },
  egress: { ...ANY, deliver: asEgress },
};

/** Benign text that quotes attacks: its rate stands apart. */
export const PROSE = "security_prose";

/** By the file's name, or a word of it: `injection-2`, `held-out.urls`. */
export function familyOf(file: string): Family {
  const word = file.split(/[^a-z]+/i).find((one) => Object.hasOwn(FAMILIES, one));
  return word === undefined ? ANY : (FAMILIES[word] ?? ANY);
}
