/** What a `catch` has in hand: anything, until it is looked at. */

export function errorOf(caught: unknown): Error {
  return caught instanceof Error ? caught : new Error(String(caught));
}

export function messageOf(caught: unknown): string {
  return caught instanceof Error ? caught.message : String(caught);
}

/** `ENOENT` and its like; undefined where no system call failed. */
export function systemCodeOf(caught: unknown): string | undefined {
  if (!(caught instanceof Error) || !("code" in caught)) return undefined;
  return typeof caught.code === "string" ? caught.code : undefined;
}

/** The system's code, else the kind of error. Unlike its message, it holds nothing of the data. */
export function codeOf(caught: unknown): string {
  return systemCodeOf(caught) ?? (caught instanceof Error ? caught.name : "unknown");
}
