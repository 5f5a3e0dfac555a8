import { systemCodeOf } from "../lib/caught.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-code.ts";

/** With which systems refuse a file: rights, room, something else in its place. */
const CODES: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOSPC",
  "EDQUOT",
  "EFBIG",
  "EIO",
  "EEXIST",
  "ENOTDIR",
]);

/** PERM, IOERR, FULL, CANTOPEN, READONLY: SQLite's words for the same. @see sqlite.org/rescode */
const SQLITE_CODES: ReadonlySet<number> = new Set([3, 8, 10, 13, 14]);
/** Above it an extended code says more. */
const PRIMARY_CODE = 0xff;

export function isRefusedFile(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if ("errcode" in error && typeof error.errcode === "number") {
    return SQLITE_CODES.has(error.errcode & PRIMARY_CODE);
  }
  return CODES.has(systemCodeOf(error) ?? "");
}

/** Most often somebody else than the gate's own user asks; that is no bug. */
export function filesRefused(error: Error): CommandFailure {
  const remedy = "run it as the user whose files these are, or name another directory with --data";
  return new CommandFailure(EXIT.unavailable, error.message, remedy);
}
