/** Stands where a secret stood. */
export const REDACTED = "[redacted]";

/**
 * A response header without the injected secret: a `Location`, `Set-Cookie` or debug header may
 * carry it. `echoes` are ordered longest first, as `echoesOf` makes them.
 */
export function redactHeaderValue(value: string, echoes: readonly string[]): string {
  const shortest = echoes.at(-1);
  if (shortest === undefined || value.length < shortest.length) return value;
  let clean = value;
  for (const echo of echoes) {
    if (clean.includes(echo)) clean = clean.replaceAll(echo, REDACTED);
  }
  return clean;
}
