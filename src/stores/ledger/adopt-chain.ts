import { join } from "node:path";
import type { AbandonedChain } from "../../core/ledger/entry.ts";
import type { LedgerFiles } from "./ledger-files.ts";
import { LOCK_FILE } from "./ledger-layout.ts";
import { recoverChain, type IntactTail } from "./recover-chain.ts";
import { lockWriter, type WriterLock } from "./writer-lock.ts";

/** A chain that this process alone may write, and where it goes on. */
export interface AdoptedChain {
  readonly writer: string;
  readonly directory: string;
  readonly lock: WriterLock;
  readonly tail: IntactTail;
  /** Damaged chains that were passed over. */
  readonly abandoned: readonly AbandonedChain[];
}

/** Chains that a start looks at, newest first, to continue one or to close dead ones. */
export const CHAINS_MAX = 256;

/**
 * Takes over the newest chain that nobody writes, or starts one. Chains are continued rather than
 * begun at each start: as many chains as workers, and a chain that vanished leaves a hole.
 */
export async function adoptChain(
  files: LedgerFiles,
  root: string,
  newWriter: () => string,
): Promise<AdoptedChain> {
  await files.makeDirectory(root);
  const abandoned: AbandonedChain[] = [];
  for (const writer of (await writersIn(files, root)).slice(0, CHAINS_MAX)) {
    const directory = join(root, writer);
    const lock = lockWriter(join(directory, LOCK_FILE));
    if (lock === undefined) continue;
    const tail = await recoverOrRelease(files, directory, lock);
    if (tail.kind === "intact") return { writer, directory, lock, tail, abandoned };
    lock.release();
    abandoned.push({ writer, number: tail.number, offset: tail.offset });
  }
  const adopted = await takeChain(files, root, newWriter());
  if (adopted === undefined) throw new Error("a new ledger writer is already at work");
  return { ...adopted, abandoned };
}

/** Takes one chain by name; undefined where somebody writes it or it is damaged. */
export async function takeChain(
  files: LedgerFiles,
  root: string,
  writer: string,
): Promise<AdoptedChain | undefined> {
  const directory = join(root, writer);
  await files.makeDirectory(directory);
  const lock = lockWriter(join(directory, LOCK_FILE));
  if (lock === undefined) return undefined;
  const tail = await recoverOrRelease(files, directory, lock);
  if (tail.kind === "intact") return { writer, directory, lock, tail, abandoned: [] };
  lock.release();
  return undefined;
}

/** Names of the chains in a ledger, newest first: their ids sort by time. */
export async function writersIn(files: LedgerFiles, root: string): Promise<readonly string[]> {
  const names = await files.list(root);
  return names
    .filter((name) => WRITER_NAME.test(name))
    .toSorted()
    .toReversed();
}

const WRITER_NAME = /^w_[0-9a-z]{26}$/u;

async function recoverOrRelease(files: LedgerFiles, directory: string, lock: WriterLock) {
  try {
    return await recoverChain(files, directory);
  } catch (error) {
    lock.release();
    throw error;
  }
}
