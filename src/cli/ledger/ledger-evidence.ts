/** `sallyport ledger verify | prove | key | rotate-key`: evidence, for whoever was not there. */
import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { id } from "../../core/units.ts";
import type { RecordedHead } from "../../stores/ledger/check-chain.ts";
import { flawOfExport } from "../../stores/ledger/export-records.ts";
import {
  checkHeads,
  collectHeads,
  treesOf,
  type HeadsReport,
} from "../../stores/ledger/signed-heads.ts";
import {
  loadSigningKey,
  rotateSigningKey,
  type PublicKey,
  type SigningKey,
} from "../../stores/ledger/signing-key.ts";
import type { IndexReport } from "../../stores/ledger-index/compare-index.ts";
import type { IndexPlace } from "../../stores/ledger-index/index-place.ts";
import { verifyLedger, type ChainReport } from "../../stores/ledger/verify-ledger.ts";
import { messageOf } from "../../lib/caught.ts";
import { CommandFailure } from "../command-failure.ts";
import { EXIT } from "../exit-code.ts";
import { addExportCommand } from "./ledger-export.ts";
import { addProveCommand } from "./ledger-prove.ts";
import { compareWithIndex, indexLines } from "./ledger-index.ts";
import { json, noLedger, readable, withData, type DataOption } from "./ledger-reading.ts";
import { chainLines, headsLines } from "./ledger-view.ts";
import type { Shell } from "../shell.ts";
import { neededKeys, readableFile, trustedKey } from "./trusted-keys.ts";
import { verifyProofs } from "./verify-proofs.ts";

export interface ProofPlaces {
  readonly shell: Shell;
  readonly directoryOf: (options: DataOption) => string;
  readonly indexOf: (options: DataOption) => IndexPlace;
  readonly signingKeyFile: (options: DataOption) => string;
}

export function addProofCommands(command: Command, places: ProofPlaces): void {
  const { shell, directoryOf, indexOf, signingKeyFile } = places;
  withData(command.command("verify").description("check every byte, link and signed head"))
    .option("--key <file>", "a public key that is trusted; may be repeated", listed, [])
    .option("--signed-heads <file>", "heads that were kept elsewhere; may be repeated", listed, [])
    .option("--head <writer:seq:hash>", "a head noted earlier; may be repeated", head, [])
    .option("--proof <file>", "check what `ledger prove` wrote instead, with --key alone")
    .option("--export <file>", "check a file of `ledger export` instead, with --key alone")
    .option("--no-index", "leave the index out")
    .option("--json", "print JSON, for programs")
    .addHelpText("after", VERIFY_HELP)
    .action((options) => {
      const { proof, export: exported } = options;
      if (proof !== undefined) return verifyProofs(options, proof, shell);
      if (exported !== undefined) return verifyExport(options, exported, shell);
      return verify(options, indexOf(options), shell);
    });
  const signingKey = (options: DataOption): SigningKey =>
    usable(signingKeyFile(options), loadSigningKey);
  addExportCommand(command, { shell, directoryOf, signingKey });
  addProveCommand(command, { shell, directoryOf });
  withData(command.command("key"))
    .description("print the public key that signed heads are checked with")
    .action((options) => shell.out(`${publicPem(signingKey(options))}\n`));
  withData(command.command("rotate-key"))
    .description("sign with a new key from the next start on; the old one vouches for it")
    .action((options) => rotate(signingKeyFile(options), shell));
}

const VERIFY_HELP = `
Exit codes: 0 whole, 1 tampered with, 2 cannot be read.
Files alone do not show that everything was set back to an earlier state. Send signed heads away
(ledger.heads_to) and give them back with --signed-heads; print the key with \`ledger key\`.`;

interface VerifyOptions {
  readonly key: readonly string[];
  readonly signedHeads: readonly string[];
  readonly head: readonly RecordedHead[];
  readonly index: boolean;
  readonly json?: true;
}

async function verify(options: VerifyOptions, place: IndexPlace, shell: Shell): Promise<void> {
  const { ledger: directory } = place;
  const trusted = options.key.map((path) => trustedKey(path, shell));
  const elsewhere = options.signedHeads.map((path) => resolve(shell.workingDirectory, path));
  const chains: ChainReport[] = [];
  const heads = await readable(async () => {
    const sources = await collectHeads(directory, elsewhere);
    const evidence = { heads: options.head, trees: treesOf(sources) };
    for await (const report of verifyLedger(directory, evidence)) {
      chains.push(report);
      if (options.json !== true) shell.out(`${chainLines(report).join("\n")}\n`);
    }
    return checkHeads(directory, sources, trusted);
  });
  if (chains.length === 0) {
    throw noLedger(directory);
  }
  const index = options.index ? await readable(() => compareWithIndex(place)) : [];
  report({ chains, heads, index }, options, shell);
}

interface Verified {
  readonly chains: readonly ChainReport[];
  readonly heads: HeadsReport;
  /** None: there is no index, or nobody wanted it compared. */
  readonly index: readonly IndexReport[];
}

function report({ chains, heads, index }: Verified, options: VerifyOptions, shell: Shell): void {
  const broken = chains.filter(({ problems }) => problems.length > 0).length;
  const isIndexed = index.every(({ differences }) => differences.length === 0);
  const ok = broken === 0 && heads.problems.length === 0 && isIndexed;
  if (options.json === true) {
    shell.out(json({ ok, chains: chains.map(chainRecord), heads, index: index.map(indexRecord) }));
  } else {
    shell.out(`${headsLines(heads).join("\n")}\n`);
    if (index.length > 0) shell.out(`${indexLines(index).join("\n")}\n`);
    if (ok) shell.out("whole\n");
  }
  if (ok) return;
  const what = [
    ...(broken === 0 ? [] : [broken === 1 ? "a chain is" : `${broken} chains are`]),
    ...(heads.problems.length === 0 ? [] : ["signed heads are"]),
    ...(isIndexed ? [] : ["the index is"]),
  ];
  throw new CommandFailure(EXIT.failure, `${what.join(" and ")} not as written`);
}

function chainRecord({ problemsOmitted, ...rest }: ChainReport) {
  return { ...rest, problems_omitted: problemsOmitted };
}

function indexRecord({ differencesOmitted, ...rest }: IndexReport) {
  return { ...rest, differences_omitted: differencesOmitted };
}

function verifyExport(options: VerifyOptions, path: string, shell: Shell): void {
  const keys = neededKeys(options, shell);
  const flaw = readableFile(path, () => flawOfExport(resolve(shell.workingDirectory, path), keys));
  if (flaw !== undefined) throw new CommandFailure(EXIT.failure, `${path}: ${flaw}`);
  shell.out(`${path} is as it was signed\n`);
}

function rotate(path: string, shell: Shell): void {
  const { key, by } = usable(path, rotateSigningKey);
  shell.out(`${key} takes the place of ${by} when the gateway is started next\n`);
}

function usable<T>(path: string, work: (path: string) => T): T {
  try {
    return work(path);
  } catch (error) {
    const why = messageOf(error);
    const remedy = "the gateway makes a signing key at its first start";
    throw new CommandFailure(EXIT.failure, `the signing key is of no use: ${why}`, remedy);
  }
}

function publicPem({ spki }: PublicKey): string {
  const lines = spki.match(/.{1,64}/gu) ?? [];
  return ["-----BEGIN PUBLIC KEY-----", ...lines, "-----END PUBLIC KEY-----"].join("\n");
}

function listed(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function head(text: string, before: readonly RecordedHead[]): readonly RecordedHead[] {
  const [writer = "", seq = "", hash = "", ...rest] = text.split(":");
  if (rest.length > 0 || !/^\d+$/u.test(seq) || !/^[0-9a-f]{64}$/u.test(hash)) {
    throw new InvalidArgumentError("writer:seq:hash is needed, as verify prints it");
  }
  return [...before, { writer, seq: Number(seq), hash: id(hash) }];
}
