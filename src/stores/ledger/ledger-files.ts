/** What the ledger asks of a disk, and the real one. A port, so that tests can make it fail. */
import { constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { mkdir, open, readFile, readdir, stat } from "node:fs/promises";
import { systemCodeOf } from "../../lib/caught.ts";
import { openLedgerFile, type LedgerFile } from "./ledger-file.ts";

export interface LedgerFiles {
  /** Names in a directory; none where it does not exist. */
  list(directory: string): Promise<readonly string[]>;
  size(path: string): Promise<number>;
  read(path: string): Promise<Buffer>;
  /** Also the parents; the new name itself is durable. */
  makeDirectory(path: string): Promise<void>;
  /** Creates the file where it is missing. */
  open(path: string): Promise<LedgerFile>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

const OWNER_ONLY_DIRECTORY = 0o700;

export const diskFiles: LedgerFiles = {
  async list(directory) {
    try {
      return await readdir(directory);
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return [];
      throw error;
    }
  },

  async size(path) {
    return (await stat(path)).size;
  },

  read: (path) => readFile(path),

  async makeDirectory(path) {
    const first = await mkdir(path, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
    if (first === undefined) return;
    for (let made = resolve(path); made.length >= first.length; made = dirname(made)) {
      await diskFiles.syncDirectory(dirname(made));
    }
  },

  open: openLedgerFile,

  async syncDirectory(path) {
    const handle = await open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};
