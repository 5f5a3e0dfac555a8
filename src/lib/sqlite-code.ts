/** node:sqlite puts SQLite's extended result code on its errors; this is the plain one of it. */
const PLAIN_CODE = 0xff;

/** Undefined: no error of SQLite. @see https://www.sqlite.org/rescode.html */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return Number(error.errcode) & PLAIN_CODE;
}
