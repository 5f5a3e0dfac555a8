/** Addresses of people's machines. What leads nowhere in public (private, documentation) is none. */
import { classifyAddress } from "../../address/classify-address.ts";
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { isDigit, isLetter, isWordUnit } from "../text-units.ts";
import { isNear, nearWords, WORDS_BEHIND } from "./near-words.ts";
import { isInNumber } from "./number-edges.ts";

export const IP_DETECTOR = "pii.ip";

interface Form {
  readonly isUnit: (unit: number) => boolean;
  readonly unitsMax: number;
  /** Dots, or colons. */
  readonly signsMin: number;
  /** Score where no word near it says what it is. */
  readonly alone: number;
}

/** Four numbers with dots may be a version; a word near them says that they are not. */
const IPV4: Form = { isUnit: isIpv4Unit, unitsMax: 15, signsMin: 3, alone: 55 };
const IPV6: Form = { isUnit: isIpv6Unit, unitsMax: 39, signsMin: 2, alone: 70 };
const TOLD = 80;
const WORDS = nearWords([
  "ip",
  "ip address",
  "client",
  "remote addr",
  "remote_addr",
  "from",
  "x-forwarded-for",
  "visitor",
  "host",
  "logged in",
  "adresse ip",
  "ip-adresse",
]);

const HEX = ["0", "a", "b", "c", "d", "e", "f"];

export const IP: readonly Signature[] = [
  {
    detector: IP_DETECTOR,
    anchors: ["0.0", "00.", "000."],
    wordStart: true,
    match: (view, at) => addressAt(view, at, IPV4),
  },
  {
    detector: IP_DETECTOR,
    // Global unicast is 2000::/3; what is in use begins with 2.
    anchors: HEX.flatMap((a) => HEX.flatMap((b) => HEX.map((c) => `0${a}${b}${c}:`))),
    wordStart: true,
    match: (view, at) => (isBehindWord(view.text, at) ? undefined : addressAt(view, at, IPV6)),
  },
];

function addressAt(view: View, at: number, form: Form): Outcome {
  const { text, stop, final } = view;
  const { isUnit, unitsMax: most, signsMin, alone } = form;
  if (isInNumber(text, at)) return undefined;
  let end = at;
  let signs = 0;
  while (end < stop && end - at <= most && isUnit(text.charCodeAt(end))) {
    if (!isWordUnit(text.charCodeAt(end))) signs += 1;
    end += 1;
  }
  if (end + WORDS_BEHIND > stop && !final) return MORE;
  // A full stop behind it ends the sentence.
  if (text[end - 1] === "." || text[end - 1] === ":") end -= 1;
  const after = text.charCodeAt(end);
  if (isWordUnit(after) || after === SLASH || end - at > most) return undefined;
  // Numbers of other kinds are many, and to parse one takes longer.
  if (signs < signsMin) return undefined;
  if (classifyAddress(text.slice(at, end)) !== "public") return undefined;
  const score = isNear(view, at, end, WORDS) ? TOLD : alone;
  return { signature: "ip-address", score, confidence: score / 100, start: at, end };
}

/** Begins the length of a network, which is nobody's address. */
const SLASH = 0x2f;
const COLON = 0x3a;
const WORD_UNITS_MAX = 4;

/** The address began before `at`, with `::` or with a word of its own and a colon. */
function isBehindWord(text: string, at: number): boolean {
  if (at < 2 || text.charCodeAt(at - 1) !== COLON) return false;
  let start = at - 1;
  const least = Math.max(0, start - WORD_UNITS_MAX);
  while (start > least && isIpv6Unit(text.charCodeAt(start - 1))) start -= 1;
  return start === 0 || !isWordUnit(text.charCodeAt(start - 1));
}

function isIpv4Unit(unit: number): boolean {
  return isDigit(unit) || unit === 0x2e;
}

function isIpv6Unit(unit: number): boolean {
  return isDigit(unit) || unit === 0x3a || (isLetter(unit) && (unit | 0x20) <= 0x66);
}
