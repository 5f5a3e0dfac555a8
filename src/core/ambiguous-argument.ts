/** Some servers match names without regard to case, also beyond ASCII. */
import type { JsonObject } from "./json.ts";

/** `amount` beside `Amount`: a rule would judge the one, such a server act on the other. */
export function ambiguousArgument(args: JsonObject): string | undefined {
  const seen = new Set<string>();
  for (const name in args) {
    const folded = fold(name);
    if (seen.has(folded)) return folded;
    seen.add(folded);
  }
  return undefined;
}

/** Unicode's simple folding, near enough: `ſ` is an s, `K` (Kelvin) a k. */
export function fold(member: string): string {
  return member.toUpperCase().toLowerCase();
}
