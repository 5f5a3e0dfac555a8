/** Corpus files: JSON Lines with one labelled record a line. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

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
  /** Lines that are no record, as `file:line`. */
  readonly unreadable: readonly string[];
}

/** Folders below the one that is named: archives unpack into one of their own. */
const DEPTH_MAX = 3;
const ENDING = ".jsonl";

/** Every `.jsonl` file of a folder and those below it, by name; files of one name are one. */
export function readCorpora(folder: string): readonly CorpusFile[] {
  const paths = pathsIn(folder, DEPTH_MAX).toSorted();
  const byName = Map.groupBy(paths, nameOf);
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, files]) => {
      const read = files.map(readRecords);
      return {
        name,
        records: read.flatMap(({ records }) => records),
        unreadable: read.flatMap(({ unreadable }) => unreadable),
      };
    });
}

function pathsIn(folder: string, depth: number): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 ? pathsIn(path, depth - 1) : [];
    return entry.name.endsWith(ENDING) ? [path] : [];
  });
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1, -ENDING.length);
}

function readRecords(path: string): Pick<CorpusFile, "records" | "unreadable"> {
  const records: CorpusRecord[] = [];
  const unreadable: string[] = [];
  const lines = readFileSync(path, "utf8")
    .replace(/^\ufeff/, "")
    .split("\n");
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const record = recordOf(line, `${nameOf(path)}-${i + 1}`);
    if (record === undefined) unreadable.push(`${path}:${i + 1}`);
    else records.push(record);
  }
  return { records, unreadable };
}

const TEXTS = [
  "text",
  "text_b64",
  "url",
  "raw_b64",
  "tier",
  "surface",
  "language",
  "plain",
] as const;

/** Undefined: the line holds no labelled record. What a record may lack is made up. */
function recordOf(line: string, id: string): CorpusRecord | undefined {
  const fields = fieldsOf(line);
  const { label } = fields;
  if (typeof label !== "string") return undefined;
  const text = (key: string, otherwise: string): string => {
    const value = fields[key];
    return typeof value === "string" ? value : otherwise;
  };
  const own = TEXTS.filter((key) => typeof fields[key] === "string");
  return {
    ...Object.fromEntries(own.map((key) => [key, fields[key]])),
    id: text("id", id),
    label,
    kind: text("kind", "unnamed"),
    source: text("source", "unnamed"),
    expect: fields["expect"],
  };
}

function fieldsOf(line: string): { readonly [key: string]: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
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
