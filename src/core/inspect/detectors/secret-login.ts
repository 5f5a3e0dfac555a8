/** Passwords where people log in: `Authorization: Basic …`, `curl -u user:password`, `password = "…"`. */
import { nextUnit } from "../next-sight.ts";
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { isDigit, isLetter } from "../text-units.ts";
import { BASE64, isPlaceholder } from "./secret-value.ts";
import { runEnd } from "./unit-run.ts";

const BEFORE = 24;
/** Schemes of the header that words of prose are, too. */
const SCHEMES = ["basic ", "token "];
const SCHEME_UNITS = 6;
const BASIC_MIN = 16;
const BASIC_MAX = 256;
const AUTHORIZATION = /authorization["'\\]{0,3}\s?[:=]\s?["'`\\]{0,3}$/i;
/** Printed in manuals of every kind. */
const SHOWN =
  /^(?:pass\w{0,4}|p[a@]ss?w[o0]rd\d{0,3}|secret|test|admin|guest|root|open sesame|\w{0,3})$/i;

const LOGIN_MAX = 160;
const LOGIN = /(?:-u|--user)[ =]?["']?([\w.@+-]{0,64}:[^\s"'`<{[*\\|]{0,80})/iy;
const COLON = new Uint8Array(0x80);
COLON[":".charCodeAt(0)] = 1;
const PASSWORD_MIN = 8;
/** Where the name says what it is. */
const SHORT_MIN = 7;
const PASSWORD_MAX = 64;

export const LOGIN_SECRETS: readonly Signature[] = [
  { detector: "secret", anchors: SCHEMES, wordStart: true, match: schemeAt },
  {
    detector: "secret",
    anchors: ["-u ", '-u"', "-u'", "--user"],
    wordStart: false,
    match: loginAt,
  },
];

/** @see https://www.rfc-editor.org/rfc/rfc7617 */
function schemeAt(view: View, at: number): Outcome {
  const { text, stop, final } = view;
  if (stop < at + SCHEME_UNITS && !final) return MORE;
  if (!SCHEMES.includes(text.slice(at, at + SCHEME_UNITS).toLowerCase())) return undefined;
  if (!AUTHORIZATION.test(text.slice(Math.max(0, at - BEFORE), at))) return undefined;
  const start = at + SCHEME_UNITS;
  const end = runEnd(view, BASE64, start, Math.min(stop, start + BASIC_MAX));
  if (end === stop && !final) return MORE;
  if (end - start < BASIC_MIN || isShown(text.slice(start, end))) return undefined;
  return { signature: "basic-login", score: 75, confidence: 0.75, start, end };
}

/** What manuals show, readable once decoded. */
function isShown(value: string): boolean {
  if (isPlaceholder(value)) return true;
  try {
    const [, password] = /^[\x20-\x7e]*?:([\x20-\x7e]*)$/.exec(atob(value)) ?? [];
    return password !== undefined && SHOWN.test(password);
  } catch {
    return false;
  }
}

/** `curl -u user:password`; a key may stand in the user's place. */
function loginAt(view: View, at: number): Outcome {
  const { text, stop, final } = view;
  if (stop < at + LOGIN_MAX && !final) return MORE;
  const most = Math.min(stop, at + LOGIN_MAX);
  if (nextUnit(view, COLON, at, most) === most) return undefined;
  LOGIN.lastIndex = 0;
  const window = text.slice(at, most);
  const login = LOGIN.exec(window)?.[1];
  if (login === undefined || /\w/.test(text.charAt(at - 1))) return undefined;
  const colon = login.indexOf(":");
  const password = login.slice(colon + 1) || login.slice(0, colon);
  if (!isChosen(password)) return undefined;
  const start = at + LOGIN.lastIndex - login.length;
  return {
    signature: "command-login",
    score: 75,
    confidence: 0.75,
    start,
    end: start + login.length,
  };
}

/** Letters with digits, or capitals where no word has them. */
function isChosen(password: string): boolean {
  if (password.length < PASSWORD_MIN || password.startsWith("$")) return false;
  if (isPlaceholder(password)) return false;
  if (!/[a-z]/i.test(password)) return false;
  return /\d/.test(password) ? !SHOWN.test(password) : /[a-z][A-Z]+[a-z]+[A-Z]/.test(password);
}

/** Up to a quote of the kind that opens it, or else up to a space. */
export function passwordAt({ text, stop, final }: View, start: number): Outcome {
  const quote = text.charCodeAt(start - 1);
  const isQuoted = quote === 0x22 || quote === 0x27;
  const most = Math.min(stop, start + PASSWORD_MAX + 1);
  let kinds = 0;
  let end = start;
  for (; end < most; end += 1) {
    const unit = text.charCodeAt(end);
    const kind = unit < unitKinds.length ? (unitKinds[unit] ?? 0) : 0;
    if (isQuoted ? unit === quote : (kind & END) !== 0) break;
    kinds |= kind;
  }
  if (end === stop && !final) return MORE;
  if (end - start < SHORT_MIN || end - start > PASSWORD_MAX) return undefined;
  if ((kinds & LETTER) === 0 || (kinds & (DIGIT | SIGN)) === 0) return undefined;
  const value = text.slice(start, end);
  const isAny = kinds === (kinds | LETTER | DIGIT | SIGN) && isPassword(value);
  if (!isAny && !(isQuoted && isQuotedPassword(value))) return undefined;
  return { signature: "assigned-password", score: 65, confidence: 0.65, start, end };
}

// What a password is made of where people are made to choose one, and what ends it.
const LETTER = 1;
const DIGIT = 2;
const SIGN = 4;
const END = 8;
const unitKinds = Uint8Array.from({ length: 0x80 }, (_, unit) => {
  if (isLetter(unit)) return LETTER;
  if (isDigit(unit)) return DIGIT;
  const char = String.fromCharCode(unit);
  return (
    ("!@#$%^&*?+=~".includes(char) ? SIGN : 0) | (" \t\r\n\"'`;,<&\\".includes(char) ? END : 0)
  );
});

/** Code, holes to fill, addresses, rules for passwords. */
const OTHER = /[\s(){}[\]<>|\\]|\.\.\.|:\/\/|^[$%&*@:]|\$\$/;

/** Of what has letters, digits and signs. */
function isPassword(value: string): boolean {
  return !OTHER.test(value) && !isPlaceholder(value);
}

/** Names of things that passwords are about, and what manuals call one. */
const SAID =
  /^(?:(?:my|the|your|new|old|some|test|user|db|mysql|postgres|root|admin)?[_-]?(?:pass(?:word|wd|code)?|p[a@]ss?w[o0]rd|secret|admin|test|user|guest|demo|qwerty|abc|letmein)[_-]?\d{0,6}!?|[a-z]+\d)$/i;

/** Between quotes of its own: letters with digits, or with a sign in their middle. */
function isQuotedPassword(value: string): boolean {
  const isMixed = /\d/.test(value)
    ? !/^[a-z]+[_-]|[_-][a-z]+$|^(?:[A-Z][A-Z\d]*_)+[A-Z\d]+$/i.test(value)
    : /\w[$!#^*~]\w/.test(value);
  if (!isMixed || !/^[\x21-\x7e]+$/.test(value) || !/[a-z]/i.test(value)) return false;
  return !/[./:,]/.test(value) && !OTHER.test(value) && !isPlaceholder(value) && !SAID.test(value);
}
