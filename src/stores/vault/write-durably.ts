import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

const PRIVATE_MODE = 0o600;

/**
 * Replaces a file so that a reader, and a machine that crashes at any moment, sees the old text or
 * the new, whole. One writer at a time: the temporary name is fixed, so that a crash leaves one.
 */
export function writeDurably(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, "wx", PRIVATE_MODE);
  try {
    // The umask may take bits from what `open` was asked for, never what this sets.
    fchmodSync(file, PRIVATE_MODE);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/** The rename itself is durable only with its directory. */
function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
