/**
 * Injection behind one encoding, without decoding anything: the words that attacks need are looked
 * for as base64 (at its three alignments), hex, ROT13 and backwards. One such word is a hint, two
 * different ones near each other are a finding.
 */
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { isLetter } from "../text-units.ts";

const SCORE = 60;
/** Words long enough that their encoded form does not occur by chance. */
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
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const REVERSED_MIN = 7;
const HEX_BYTES_MIN = 4;

interface Encoded {
  readonly word: string;
  readonly literal: string;
  readonly cased: boolean;
}

export const INJECTION_ENCODED: readonly Signature[] = WORDS.flatMap(encodings).map((encoded) => ({
  detector: "injection",
  anchors: [encoded.literal],
  wordStart: false,
  match: (view, at) => encodedAt(view, at, encoded),
}));

function encodings(word: string): readonly Encoded[] {
  const capital = word.charAt(0).toUpperCase() + word.slice(1);
  const cased = [word, capital, word.toUpperCase()].flatMap((form) =>
    [0, 1, 2].map((shift) => ({ word, literal: base64Inside(form, shift), cased: true })),
  );
  const plain = [hex(word), rot13(word), reversed(word)]
    .filter((literal) => literal !== "")
    .map((literal) => ({ word, literal, cased: false }));
  return [...cased, ...plain];
}

/** The characters of base64 that only `word` decides, when `shift` bytes stand before it. */
function base64Inside(word: string, shift: number): string {
  const bits = Array.from(word, (char) => char.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  const skipped = (6 - ((shift * 8) % 6)) % 6;
  let out = "";
  for (let i = skipped; i + 6 <= bits.length; i += 6) {
    out += BASE64.charAt(Number.parseInt(bits.slice(i, i + 6), 2));
  }
  return out;
}

/** From the first byte on that is written with a letter: runs of digits stand everywhere. */
function hex(word: string): string {
  const bytes = Array.from(word, (char) => char.charCodeAt(0).toString(16));
  const from = bytes.findIndex((byte) => /[a-f]/.test(byte));
  return from < 0 || bytes.length - from < HEX_BYTES_MIN ? "" : bytes.slice(from).join("");
}

function rot13(word: string): string {
  return Array.from(word, (char) => {
    const unit = char.charCodeAt(0);
    return isLetter(unit) ? String.fromCharCode(((unit - 97 + 13) % 26) + 97) : char;
  }).join("");
}

/** Short words backwards are other words. */
function reversed(word: string): string {
  return word.length < REVERSED_MIN ? "" : Array.from(word).toReversed().join("");
}

function encodedAt({ text, stop, final }: View, at: number, encoded: Encoded): Outcome {
  const { literal, cased, word } = encoded;
  const came = text.slice(at, Math.min(stop, at + literal.length));
  const seen = cased ? came : came.toLowerCase();
  if (!literal.startsWith(seen)) return undefined;
  if (seen.length < literal.length) return final ? undefined : MORE;
  const end = at + literal.length;
  return {
    signature: `encoded-${word.replace(" ", "-")}`,
    score: SCORE,
    confidence: 0.6,
    start: at,
    end,
  };
}
