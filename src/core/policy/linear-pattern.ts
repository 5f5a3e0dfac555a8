/** The only file that knows the RE2 package: patterns that take linear time on every text. */
import { RE2JS } from "re2js";

const PATTERN_CHARS_MAX = 512;
/** Instructions of the compiled pattern: what one character of text may cost. */
const PROGRAM_MAX = 2000;
/** Longest text a pattern looks at, in UTF-16 units; about 2 ms. */
export const PATTERN_TEXT_MAX = 65_536;

export interface LinearPattern {
  test(text: string): boolean;
}

export type PatternReply =
  | { readonly kind: "pattern"; readonly pattern: LinearPattern }
  | { readonly kind: "wrong"; readonly message: string };

export function compilePattern(text: string): PatternReply {
  if (text.length > PATTERN_CHARS_MAX) {
    return { kind: "wrong", message: `the pattern is longer than ${PATTERN_CHARS_MAX} characters` };
  }
  try {
    const pattern = RE2JS.compile(text);
    if (pattern.programSize() <= PROGRAM_MAX) return { kind: "pattern", pattern };
    return {
      kind: "wrong",
      message: "the pattern is too large when its repetitions are written out",
    };
  } catch (error) {
    const cause = error instanceof Error ? error.message : "";
    return { kind: "wrong", message: `not a pattern of RE2: ${cause}` };
  }
}
