/** Corpus files: JSON Lines with one labelled record a line. */
import { readdirSync, readFileSync } from "node:fs";

export interface CorpusRecord {
  readonly id: string;
  readonly text?: string;
  readonly text_b64?: string;
  readonly url?: string;
  readonly raw_b64?: string;
  readonly label: string;
  readonly kind: string;
  readonly tier?: string;
  readonly source: string;
  readonly surface?: string;
  readonly language?: string;
  readonly plain?: string;
  readonly expect?: unknown;
}

export interface CorpusFile {
  /** Without folder and ending: `injection`. */
  readonly name: string;
  readonly records: readonly CorpusRecord[];
}

/** Every `.jsonl` file of a folder, by name. Throws with file and line where one is no record. */
export function readCorpora(folder: string): readonly CorpusFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .toSorted()
    .map((name) => ({
      name: name.slice(0, -".jsonl".length),
      records: readRecords(`${folder}/${name}`),
    }));
}

function readRecords(path: string): readonly CorpusRecord[] {
  const records: CorpusRecord[] = [];
  for (const [i, line] of readFileSync(path, "utf8").split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      records.push(JSON.parse(line) as CorpusRecord);
    } catch (error) {
      throw new Error(`${path}:${i + 1} is no JSON`, { cause: error });
    }
  }
  return records;
}

export function textOf(record: CorpusRecord): string {
  if (record.text !== undefined) return record.text;
  if (record.url !== undefined) return record.url;
  return Buffer.from(record.text_b64 ?? record.raw_b64 ?? "", "base64").toString("utf8");
}

/** Where a record comes from, so that a whole source can be left out: its repository or package. */
export function sourceFamily({ source }: CorpusRecord): string {
  return (source.split("@")[0] ?? source).split(";")[0]?.slice(0, 48) ?? "";
}
