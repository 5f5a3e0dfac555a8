/** `sallyport ledger export`: records as a file, with a signature that says whose they are. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { extname, resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { Asked } from "../core/ledger/entry.ts";
import { EXPORT_FORMATS, exportWriter, type ExportFormat } from "../core/ledger/export-format.ts";
import { isJsonObject } from "../core/json.ts";
import { instant, type Instant } from "../core/units.ts";
import { canonicalJson } from "../lib/canonical-json.ts";
import { readEntries, type ReadEntry } from "../stores/ledger/read-ledger.ts";
import type { PublicKey, SigningKey } from "../stores/ledger/signing-key.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-code.ts";
import { readable, withData, type DataOption } from "./ledger-reading.ts";
import type { Shell } from "./shell.ts";

const SIGNATURE_VERSION = 1;
/** Signed before the text, so that no other document of the key can pass for an export. */
const CONTEXT = "sallyport export v1\n";

export interface ExportPlaces {
  readonly shell: Shell;
  readonly directoryOf: (options: DataOption) => string;
  readonly signingKey: () => SigningKey;
}

interface ExportOptions {
  readonly out: string;
  readonly format?: ExportFormat;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly kind: readonly string[];
  readonly agent?: string;
}

export function addExportCommand(command: Command, places: ExportPlaces): void {
  withData(command.command("export").description("write records to a file, and sign it"))
    .requiredOption("-o, --out <file>", "the file; <file>.sig is its signature")
    .addOption(
      new Option("--format <format>", "by the file's name if not given").choices(EXPORT_FORMATS),
    )
    .option("--from <time>", "not before: 2026-11-21 or 2026-11-21T10:00:00Z", time)
    .option("--to <time>", "before", time)
    .option("--kind <kind>", "intent, outcome, change, …; may be repeated", listed, [])
    .option("--agent <name>", "what this agent did")
    .action((options) => exportRecords(options, places.directoryOf(options), places));
}

async function exportRecords(
  options: ExportOptions,
  directory: string,
  { shell, signingKey }: ExportPlaces,
): Promise<void> {
  const key = signingKey();
  const path = resolve(shell.workingDirectory, options.out);
  const { opening, row, closing } = exportWriter(options.format ?? formatOf(path));
  const file = openSync(path, "w", 0o600);
  const digest = createHash("sha256");
  const put = (text: string): void => {
    digest.update(text);
    writeSync(file, text);
  };
  let entries = 0;
  try {
    put(opening);
    await readable(async () => {
      for await (const { read, asked } of selected(directory, options)) {
        put(row({ ...read, asked }));
        entries += 1;
      }
    });
    put(closing);
  } finally {
    closeSync(file);
  }
  const said = { entries, key: key.id, sha256: digest.digest("hex"), v: SIGNATURE_VERSION };
  const signature = key.sign(CONTEXT + canonicalJson(said));
  writeFileSync(`${path}.sig`, `${canonicalJson({ ...said, signature })}\n`);
  shell.err(`${entries} records in ${options.out}, signed in ${options.out}.sig\n`);
}

interface Selected {
  readonly read: ReadEntry;
  readonly asked: Asked | undefined;
}

/** An outcome is told together with what its intent asked. */
async function* selected(directory: string, options: ExportOptions): AsyncGenerator<Selected> {
  const open = new Map<string, Asked>();
  const { from, to, kind, agent } = options;
  for await (const read of readEntries(directory)) {
    const { entry } = read;
    let asked = "asked" in entry ? entry.asked : undefined;
    if (entry.kind === "intent") open.set(entry.exchange, entry.asked);
    if (entry.kind === "outcome") {
      asked ??= open.get(entry.exchange);
      open.delete(entry.exchange);
    }
    if (from !== undefined && entry.at < from) continue;
    if (to !== undefined && entry.at >= to) continue;
    if (kind.length > 0 && !kind.includes(entry.kind)) continue;
    if (agent !== undefined && asked?.principal?.agent !== agent) continue;
    yield { read, asked };
  }
}

/** What contradicts an export's signature; undefined where it holds. Throws where nothing is to be read. */
export function flawOfExport(path: string, keys: readonly PublicKey[]): string | undefined {
  const said: unknown = JSON.parse(readFileSync(`${path}.sig`, "utf8"));
  if (!isJsonObject(said)) return "the signature cannot be read";
  const { signature, ...rest } = said;
  const key = keys.find(({ id }) => id === rest["key"]);
  if (key === undefined) return "it is signed with another key";
  const text = CONTEXT + canonicalJson(rest);
  if (typeof signature !== "string" || !key.verifies(text, signature)) {
    return "the signature is not the key's";
  }
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  return sha256 === rest["sha256"] ? undefined : "the file is not the one that was signed";
}

function formatOf(path: string): ExportFormat {
  const extension = extname(path).slice(1);
  const format = EXPORT_FORMATS.find((known) => known === extension);
  if (format !== undefined) return format;
  throw new CommandFailure(
    EXIT.usage,
    `the name ${path} does not say which format`,
    `end it in .${EXPORT_FORMATS.join(", .")}, or give --format`,
  );
}

function time(text: string): Instant {
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/u.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError("a day or a time of RFC 3339 is needed");
  return instant(at);
}

function listed(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
