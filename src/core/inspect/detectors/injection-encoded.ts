/**
 * Injection in ROT13 or backwards, without decoding anything: no alphabet gives these away, so the
 * words that attacks need are looked for as they come out. One is a hint, two near each other are a
 * finding.
 */
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { isLetter } from "../text-units.ts";

const SCORE = 60;
/** Words long enough that their disguised form does not occur by chance. */
const WORDS = [
  "ignore",
  "disregard",
  "previous",
  "instructions",
  "system prompt",
  "override",
  "reveal",
  "assistant",
  "secret",
  "password",
  "credentials",
  "developer mode",
];
const REVERSED_MIN = 7;

interface Encoded {
  readonly word: string;
  readonly literal: string;
}

export const INJECTION_ENCODED: readonly Signature[] = WORDS.flatMap(encodings).map((encoded) => ({
  detector: "injection",
  anchors: [encoded.literal],
  wordStart: false,
  match: (view, at) => encodedAt(view, at, encoded),
}));

/** Short words backwards are other words. */
function encodings(word: string): readonly Encoded[] {
  const turned = { word, literal: rot13(word) };
  const backwards = { word, literal: Array.from(word).toReversed().join("") };
  return word.length < REVERSED_MIN ? [turned] : [turned, backwards];
}

function rot13(word: string): string {
  return Array.from(word, (char) => {
    const unit = char.charCodeAt(0);
    return isLetter(unit) ? String.fromCharCode(((unit - 97 + 13) % 26) + 97) : char;
  }).join("");
}

function encodedAt({ text, stop, final }: View, at: number, { word, literal }: Encoded): Outcome {
  const came = text.slice(at, Math.min(stop, at + literal.length)).toLowerCase();
  if (!literal.startsWith(came)) return undefined;
  if (came.length < literal.length) return final ? undefined : MORE;
  const end = at + literal.length;
  return {
    signature: `encoded-${word.replace(" ", "-")}`,
    score: SCORE,
    confidence: 0.6,
    start: at,
    end,
  };
}
