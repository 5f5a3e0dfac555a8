/**
 * The words that open a wallet, twelve to twenty-four of them, known by what they are called: a list
 * of words alone is a list of words.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki
 */
import { MORE, type Hit, type Outcome, type Signature, type View } from "../signature.ts";

/** Checksums make these the only counts. */
const COUNTS = [24, 21, 18, 15, 12];
const WORDS_MIN = 12;
const WORDS_MAX = 24;
/** "is", "for my wallet is:". */
const LEAD = /^\W{0,4}(?:(?:is|are|was|of|for|my|our|the|this|wallet|account|words?)\W{1,3}){0,6}/i;
const WORD = /(?:\d{1,2}[.):] ?)?([a-z]{3,8})(?![\w-])[ ,;\n\r\t"']{0,4}/y;
/** So little is left that more may make a word of it, with its number. */
const BEGUN = /^\W{0,6}(?:\d{1,2}[.):]? ?)?\w{0,8}$/;
/** Of sentences; no such phrase has them. */
const OF_SENTENCES = new Set(
  (
    "the and for are was were has had not but his her its our your with from been them who how does " +
    "did should would could their these those may might because which"
  ).split(" "),
);
/** What such phrases are called begins the next one; no phrase has its name in it. */
const NAMES = new Set(["mnemonic", "words"]);
const NAMED_PHRASES = new Set(["seed", "recovery", "backup", "secret"]);
/** Fewer different ones are those of documentation. */
const DISTINCT_MIN = 8;
const SCORE = 85;
const SAMPLE_SCORE = 65;

export const SECRET_PHRASES: readonly Signature[] = [
  {
    detector: "secret",
    anchors: [
      "mnemonic",
      "seed phrase",
      "seed words",
      "recovery phrase",
      "recovery words",
      "backup phrase",
      "secret phrase",
    ],
    wordStart: true,
    match: phraseAt,
  },
];

const NAME = /^[a-z]+(?: (?:phrase|words))?/i;

function phraseAt({ text, stop, final, leaves }: View, at: number): Outcome {
  const window = text.slice(at, stop);
  const from = NAME.exec(window)?.[0].length ?? 0;
  const start = from + (LEAD.exec(window.slice(from))?.[0].length ?? 0);
  const read = readWords(window, start);
  if (read.ended && !final) return MORE;
  const hit = hitOf(read.words, leaves);
  return hit === undefined
    ? undefined
    : { ...hit, start: at + start, end: at + (read.ends[wordsIn(read.words) - 1] ?? start) };
}

/** The whole value of a member that is called so. */
export function phraseOf(value: string): Hit | undefined {
  const { words, ended } = readWords(value, 0);
  const isAll = ended && wordsIn(words) === words.length;
  const hit = isAll ? hitOf(words, true) : undefined;
  return hit === undefined ? undefined : { ...hit, start: 0, end: value.length };
}

/** `ended`: nothing else stands behind them. */
function readWords(text: string, from: number) {
  const words: string[] = [];
  const ends: number[] = [];
  WORD.lastIndex = from;
  let at = from;
  while (words.length <= WORDS_MAX) {
    WORD.lastIndex = at;
    const [, word] = WORD.exec(text) ?? [];
    if (word === undefined || OF_SENTENCES.has(word) || isName(word, words.at(-1))) break;
    words.push(word);
    ends.push(text.indexOf(word, at) + word.length);
    at = WORD.lastIndex;
  }
  return { words, ends, ended: BEGUN.test(text.slice(at)) };
}

function isName(word: string, before = ""): boolean {
  return NAMES.has(word) || (word === "phrase" && NAMED_PHRASES.has(before));
}

function wordsIn(words: readonly string[]): number {
  if (words.length > WORDS_MAX) return 0;
  return COUNTS.find((count) => count <= words.length) ?? 0;
}

function hitOf(words: readonly string[], leaves: boolean) {
  const count = wordsIn(words);
  if (count < WORDS_MIN) return undefined;
  if (new Set(words.slice(0, count)).size >= DISTINCT_MIN) {
    return { signature: "wallet-phrase", score: SCORE, confidence: SCORE / 100 };
  }
  if (!leaves) return undefined;
  const confidence = SAMPLE_SCORE / 100;
  return { signature: "wallet-phrase-sample", score: SAMPLE_SCORE, confidence };
}
