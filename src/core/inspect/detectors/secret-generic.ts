/** Secrets known by where they stand: `api_key = …`, `Bearer …`, `scheme://user:password@host`. */
import { MORE, type Hit, type Outcome, type Signature, type View } from "../signature.ts";
import { isDigit, isLetter, isWordUnit } from "../text-units.ts";
import {
  ALNUM,
  BASE64_SIGNS,
  DASH,
  DOT,
  entropyOf,
  fits,
  isPlaceholder,
  TOKEN,
} from "./secret-value.ts";
import { passwordAt } from "./secret-login.ts";
import { runEnd } from "./unit-run.ts";

/** Words in a name that say its value is secret. */
const KEY_WORDS = [
  "key",
  "token",
  "secret",
  "passwd",
  "password",
  "passphrase",
  "pwd",
  "credential",
  "apikey",
  "auth",
  "_pass",
];
const PASSWORDS = /^(?:pass|pwd|_pass|secret)/;
const LOOK_BACK = 3;
const NAME_REST_MAX = 24;
const GAP_MAX = 8;
const VALUE_MIN = 12;
const VALUE_MAX = 256;
const STRONG_LENGTH = 20;
const ENTROPY_MIN = 3.3;
const ENTROPY_STRONG = 3.8;
const VALUE_UNITS = TOKEN | DOT | BASE64_SIGNS;
const NAME_UNITS = ALNUM | DASH | DOT | 8;

const USER_MAX = 64;
const PASSWORD_MIN = 3;
const PASSWORD_MAX = 128;
const BEARER_MIN = 20;

export const GENERIC_SECRETS: readonly Signature[] = [
  // A signature for each: the place need not be asked which of them stands there.
  ...KEY_WORDS.map((word): Signature => ({
    detector: "secret",
    anchors: [word],
    wordStart: false,
    match: (view, at) => assignmentAt(view, at, word),
  })),
  { detector: "secret", anchors: ["bearer "], wordStart: true, match: bearerAt },
  { detector: "secret", anchors: ["://"], wordStart: false, match: connectionAt },
];

function assignmentAt(view: View, at: number, word: string): Outcome {
  const { text, stop, final } = view;
  // Anchors tell letters; signs share their classes with other scripts.
  if ((text.charCodeAt(at) | 0x20) !== (word.charCodeAt(0) | 0x20)) return undefined;
  if (stop < at + word.length) return final ? undefined : MORE;
  let i = at + word.length;
  const nameEnd = Math.min(stop, i + NAME_REST_MAX);
  while (i < nameEnd && fits(NAME_UNITS, text.charCodeAt(i))) i += 1;
  if (isPublic(text, at)) return undefined;
  if (text.charCodeAt(i) === CLOSING) return elementAt(view, i + 1);
  const isQuoted = i === at + word.length && isQuote(text.charCodeAt(i));
  const value = operatorEnd(view, i, isQuoted);
  if (typeof value !== "number") return value;
  const most = Math.min(stop, value + VALUE_MAX + 1);
  const end = runEnd(view, VALUE_UNITS, value, most);
  if (end === stop && !final && end - value <= VALUE_MAX) return MORE;
  const isFit = end - value >= VALUE_MIN && end - value <= VALUE_MAX;
  const found = isFit ? judgeValue(text, value, end) : undefined;
  if (found !== undefined) {
    const isOther = found !== MORE && isNamedBy(text, at, found);
    return isOther || isAbout(text, at, at + word.length, i) ? undefined : found;
  }
  return PASSWORDS.test(word) ? passwordAt(view, value) : undefined;
}

const CLOSING = 0x3e;
const COMMA = 0x2c;

function isQuote(unit: number): boolean {
  return unit === 0x22 || unit === 0x27;
}

/** `public_key`, `pubkey`: meant to be seen. */
function isPublic(text: string, at: number): boolean {
  const last = text.charCodeAt(at - 1);
  const lower = last | 0x20;
  if (lower !== LETTER_C && lower !== LETTER_B && last !== LOW_LINE) return false;
  const before = text.slice(Math.max(0, at - LOOK_BACK), at).toLowerCase();
  return before.endsWith("lic") || before.endsWith("ic_") || before.endsWith("pub");
}

const LETTER_B = 0x62;
const LETTER_C = 0x63;
const LOW_LINE = 0x5f;

/** What the name says of a key or token instead of being one: `secretName`, `page_token`. */
const OF_NAME =
  /^[_-]?(?:name|ref|file|path|type|ur[il]|prefix|alias|version|count|size|length|expir\w{1,4}|hash|fingerprint|endpoint|store)s?$/i;
const PASSING =
  /(?:page|cache|primary|foreign|sort|partition|continuation|cursor|sync|csrf|xsrf|idempotency|object|dedup|group|index|lookup|from |gpg |pgp )[_ -]?$/i;
const NAME_BEFORE = 24;

function isAbout(text: string, at: number, wordEnd: number, nameEnd: number): boolean {
  if (nameEnd > wordEnd && OF_NAME.test(text.slice(wordEnd, nameEnd))) return true;
  return PASSING.test(text.slice(Math.max(0, at - NAME_BEFORE), at));
}

/** What a store keeps something under: a path, or words and the hash of what is kept. */
const PLACE = /\/.*\.[a-z]{2,5}$|^[a-z][a-z.]*-(?:[\w.]+-)*[\da-f]{32,64}$/i;

/** A `key` that says of nothing that it is the key of. */
function isNamedBy(text: string, at: number, { start, end }: Hit): boolean {
  const isBare =
    text.slice(at, at + 3).toLowerCase() === "key" && !/[\w-]/.test(text.charAt(at - 1));
  return isBare && PLACE.test(text.slice(start, end));
}

const BETWEEN_WORDS = " \t\r\n{}";

/** The words of an XML element that is named so: the first that looks like a secret. */
function elementAt(view: View, from: number): Outcome {
  const { text, stop, final } = view;
  let start = from;
  for (let i = from; ; i += 1) {
    const isEnd = i === stop || i - from > VALUE_MAX || "<>".includes(text.charAt(i));
    if (i === stop && !final) return MORE;
    if (!isEnd && !BETWEEN_WORDS.includes(text.charAt(i))) continue;
    if (i - start >= VALUE_MIN && runEnd(view, VALUE_UNITS, start, i) === i) {
      const found = judgeValue(text, start, i);
      if (found !== undefined) return found;
    }
    if (isEnd) return undefined;
    start = i + 1;
  }
}

// What stands between a name and its value.
const OPERATOR = 1;
const BESIDE = 2;
const gapUnits = new Uint8Array(0x80);
for (const char of "=:>?") gapUnits[char.charCodeAt(0)] = OPERATOR;
for (const char of " \t\"'`\\") gapUnits[char.charCodeAt(0)] = BESIDE;

/** `<add key="DbPassword" value="…">` */
const OF_ELEMENT = /^["']\s{1,2}value\s?=\s?["']/;
const ATTRIBUTE_MAX = 14;

/** Past `" : "`, `=`, `=>`, `:=`, and `", "` behind a name in quotes; where the value begins. */
function operatorEnd(
  { text, stop, final }: View,
  from: number,
  isQuoted: boolean,
): number | Outcome {
  if (isQuote(text.charCodeAt(from))) {
    if (stop < from + ATTRIBUTE_MAX && !final) return MORE;
    const attribute = OF_ELEMENT.exec(text.slice(from, Math.min(stop, from + ATTRIBUTE_MAX)));
    if (attribute !== null) return from + attribute[0].length;
  }
  let i = from;
  let operators = 0;
  const most = Math.min(stop, from + GAP_MAX);
  for (; i < most; i += 1) {
    const unit = text.charCodeAt(i);
    const kind = unit < gapUnits.length ? gapUnits[unit] : 0;
    if (kind === OPERATOR || (isQuoted && unit === COMMA)) operators += 1;
    else if (kind !== BESIDE) break;
  }
  if (i === stop && !final) return MORE;
  return operators === 0 || i === stop ? undefined : i;
}

/** Whether `[start, end)`, which stands where a secret is expected, looks like one. */
export function judgeValue(text: string, start: number, end: number): Outcome {
  if (!looksRandom(text, start, end)) return undefined;
  const value = text.slice(start, end);
  const entropy = entropyOf(value);
  if (entropy < ENTROPY_MIN || isPlaceholder(value)) return undefined;
  const strong = entropy >= ENTROPY_STRONG && value.length >= STRONG_LENGTH;
  const score = strong ? 80 : 65;
  return { signature: "assigned-secret", score, confidence: score / 100, start, end };
}

// What a unit of a value is.
const SIGN = 0;
const FIGURE = 1;
const SMALL = 2;
const CAPITAL = 3;
const valueKinds = Uint8Array.from({ length: 0x80 }, (_, unit) => {
  if (isDigit(unit)) return FIGURE;
  return isLetter(unit) ? ((unit & 0x20) === 0 ? CAPITAL : SMALL) : SIGN;
});

/** Letters and digits in turn, as no word, path, version or name of a variable has them. */
function looksRandom(text: string, start: number, end: number): boolean {
  const length = end - start;
  let changes = isWordUnit(text.charCodeAt(start)) ? 1 : 0;
  let digits = 0;
  let signs = 0;
  let shifts = 0;
  let cases = 0;
  let before = SIGN;
  for (let i = start; i < end; i += 1) {
    const unit = text.charCodeAt(i);
    const kind = unit < valueKinds.length ? (valueKinds[unit] ?? SIGN) : SIGN;
    if (kind === FIGURE) digits += 1;
    else if (kind === SIGN) signs += 1;
    cases |= 1 << kind;
    if (kind !== before && kind !== SIGN && before !== SIGN) {
      shifts += 1;
      if (kind === FIGURE || before === FIGURE) changes += 1;
    }
    before = kind;
  }
  if (signs * 6 > length) return false;
  if (digits >= 2 && changes >= 4) return true;
  // Small letters, capitals and digits change places more often than in any name made of words.
  const isLong = length >= SHUFFLED_MIN && (cases & BOTH_CASES) === BOTH_CASES;
  if (!isLong || (shifts + 1) / length < SHUFFLED_SHARE) return false;
  return !CAMEL_CASE.test(text.slice(start, end));
}

const BOTH_CASES = (1 << SMALL) | (1 << CAPITAL);
const SHUFFLED_MIN = 14;
const SHUFFLED_SHARE = 0.42;

/** Words put together, each of three letters at least. */
const CAMEL_CASE = /^[a-z]*(?:\d?[A-Z][a-z]{2,})*$/;

function bearerAt(view: View, at: number): Outcome {
  const { text, stop, final } = view;
  const head = text.slice(at, Math.min(stop, at + 7)).toLowerCase();
  if (!"bearer ".startsWith(head)) return undefined;
  if (head.length < 7) return final ? undefined : MORE;
  const from = at + 7;
  const end = runEnd(view, VALUE_UNITS, from, stop);
  if (end === stop && !final) return MORE;
  if (end - from < BEARER_MIN) return undefined;
  const found = judgeValue(text, from, end);
  if (found === undefined || found === MORE) return undefined;
  return { ...found, signature: "bearer-token", more: (unit) => fits(VALUE_UNITS, unit) };
}

/** `scheme://user:password@host`; the span is user and password. */
function connectionAt({ text, stop, final }: View, at: number): Outcome {
  if (!isLetter(text.charCodeAt(at - 1))) return undefined;
  const start = at + 3;
  let colon = -1;
  const most = Math.min(stop, start + USER_MAX + PASSWORD_MAX);
  for (let i = start; i < most; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === COLON && colon < 0) colon = i;
    if (unit === AT_SIGN) return colon < 0 ? undefined : passwordOutcome(text, start, colon, i);
    if ((unit < 128 && ENDS_AUTHORITY[unit] === 1) || (colon < 0 && i - start > USER_MAX))
      return undefined;
  }
  return final || most < stop ? undefined : MORE;
}

const COLON = 0x3a;
const AT_SIGN = 0x40;
const ENDS_AUTHORITY = new Uint8Array(128);
for (const sign of " \t\r\n/\"'<>`\\") ENDS_AUTHORITY[sign.charCodeAt(0)] = 1;
const COMMON_STAND_INS = /^(?:pass|password|passwd|pwd|secret|user|pw|p|x+|\*+|\.+|[<${[].*)$/i;

function passwordOutcome(text: string, start: number, colon: number, end: number): Outcome {
  const password = text.slice(colon + 1, end);
  if (password.length < PASSWORD_MIN || password.length > PASSWORD_MAX) return undefined;
  if (COMMON_STAND_INS.test(password)) return undefined;
  return { signature: "connection-string", score: 85, confidence: 0.85, start, end };
}
