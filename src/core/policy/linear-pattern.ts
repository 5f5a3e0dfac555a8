/** The only file that knows the RE2 package: patterns that take linear time on every text. */
import type * as Re2 from "re2js";
import { onNeed } from "../../lib/on-need.ts";

const re2 = onNeed<typeof Re2>("re2js");

const PATTERN_CHARS_MAX = 512;
/** Instructions of the compiled pattern: what one character of text may cost. */
const PROGRAM_MAX = 1000;
/** Instructions times characters that one look may cost: at worst some ten milliseconds. */
const WORK_MAX = 4_000_000;
/** Longest text that any pattern looks at, in UTF-16 units. */
const TEXT_MAX = 65_536;

export interface LinearPattern {
  /** Throws RangeError for a text longer than the pattern may look at. */
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
    const pattern = re2().RE2JS.compile(text);
    const size = pattern.programSize();
    if (size <= PROGRAM_MAX) return { kind: "pattern", pattern: bounded(pattern, size) };
    return {
      kind: "wrong",
      message: "the pattern is too large when its repetitions are written out",
    };
  } catch (error) {
    const cause = error instanceof Error ? error.message : "";
    return { kind: "wrong", message: `not a pattern of RE2: ${cause}` };
  }
}

function bounded(pattern: Re2.RE2JS, size: number): LinearPattern {
  const textMax = Math.min(TEXT_MAX, Math.floor(WORK_MAX / size));
  return {
    test(text) {
      if (text.length > textMax) throw new RangeError("the text is too long for this pattern");
      return pattern.test(text);
    },
  };
}
