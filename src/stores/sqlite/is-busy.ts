const SQLITE_BUSY = 5;
/** node:sqlite puts SQLite's extended result code on its errors; this is the plain one of it. */
const PLAIN_CODE = 0xff;

/** Another process or thread holds the lock; nothing was done. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  return (Number(error.errcode) & PLAIN_CODE) === SQLITE_BUSY;
}
