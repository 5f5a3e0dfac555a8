/** Addresses in any text. One in running text is mentioned; one that stands alone is called. */
import type { Assessment } from "../../destination/assess-destination.ts";
import { DESTINATION_KINDS, type DestinationKind } from "../../destination/factor.ts";
import { toOriginal } from "../fold.ts";
import { assessedAt } from "./assessed-address.ts";
import { nextSight } from "../next-sight.ts";
import {
  LOOK_BACK,
  MORE,
  type OriginalText,
  type Outcome,
  type Signature,
  type View,
} from "../signature.ts";

/** Longer ones are judged by their beginning; one inside another by less, and not by the next. */
const ADDRESS_UNITS_MAX = 480;
const INNER_UNITS_MAX = 160;
const SCRIPT_UNITS_MAX = 32;
const ANCHORS = [
  "http://",
  "https://",
  "http:\\",
  "https:\\",
  // An address at once, which readers of addresses forgive.
  "http:0",
  "https:0",
  "ws://",
  "wss://",
  "ftp://",
  "ftps://",
  "sftp://",
  "tftp://",
  "gopher://",
  "dict://",
  "ldap://",
  "ldaps://",
  "file:///",
  "file://localhost",
  "imap://",
  "pop3://",
  "smtp://",
  "telnet://",
  "rtsp://",
  "ssh2.exec://",
  "view-source:",
  "smb://",
  "jar:http",
  "netdoc:/",
  "phar://",
  "expect://",
  "javascript:",
  "vbscript:",
  "data:text/html",
];

/** What a mere mention of an inside address counts for: documentation is full of `localhost`. */
const MENTIONED = 0.65;
const CALLED_BY_LABEL =
  /ur[il]|href|link|endpoint|host|target|webhook|callback|address|site|domain|uri|src/i;
/** What tools that write files call the text they write: nothing in it is called by the tool. */
const WRITTEN_BY_LABEL =
  /^(?:(?:file|cell|page)_?)?(?:contents?|body_?text)$|^(?:old|new|file|insert|replacement|search|replace)_?(?:str|string|text|contents?|source|code|block|lines?)$|^(?:code_?edit|patch|diff|replacement|markdown|snippet)$/i;
/** Close before a called address, on its line. */
const CALLERS = /(?:curl|wget|iwr|irm|nc|http)\s/gi;
const CALLER_BEFORE = /(?:curl|wget|iwr|irm|nc|http)\s[^\n]{0,30}$/i;
/** Right before it, behind an opening parenthesis. */
const CALL_BEFORE = /(?:fetch|requests?\.\w+|open|get|post|axios|goto|navigate)\(\s*["'`]?$/i;
const BEFORE = 48;
/** Units behind an address that tell whether it stands alone. */
const BEHIND = 8;

export const DESTINATIONS: readonly (readonly [string, readonly Signature[]])[] =
  DESTINATION_KINDS.map((kind) => {
    const detector = `destination.${kind}`;
    const match = (view: View, at: number): Outcome => addressAt(view, at, kind);
    return [detector, [{ detector, anchors: ANCHORS, wordStart: true, match }]];
  });

function addressAt(view: View, at: number, kind: DestinationKind): Outcome {
  const address = addressOf(view, at);
  if (address === MORE || address === undefined) return address;
  const { end, assessment } = address;
  if (assessment.suspicions.length === 0) return undefined;
  const found = assessment.suspicions.find((one) => one.kind === kind);
  if (found === undefined) return undefined;
  const mentioned = kind === "ssrf" && !isCalled(view, at, end);
  const score = Math.round(mentioned ? found.score * MENTIONED : found.score);
  const signature = found.factors.join("+");
  return { signature, score, confidence: found.confidence, start: at, end, more: goesOn };
}

interface Address {
  readonly end: number;
  readonly assessment: Assessment;
}

/** The address read last: every kind asks for the same one in turn. */
interface LastRead {
  of: OriginalText | undefined;
  /** Offsets of the part: where it begins, and up to where it could be read. */
  place: number;
  stop: number;
  final: boolean;
  address: Address | typeof MORE | undefined;
}

const last: LastRead = { of: undefined, place: 0, stop: 0, final: false, address: undefined };

function addressOf(view: View, at: number): Address | typeof MORE | undefined {
  const { original, final } = view;
  const place = original.base + at;
  const stop = original.base + view.stop;
  const isKnown = last.of === original && last.place === place;
  if (isKnown && last.stop === stop && last.final === final) return last.address;
  last.address = readAddress(view, at);
  last.of = original;
  last.place = place;
  last.stop = stop;
  last.final = final;
  return last.address;
}

function readAddress(view: View, at: number): Address | typeof MORE | undefined {
  const { text, stop, final } = view;
  const isInner = at > 0 && isAddressUnit(text.charCodeAt(at - 1));
  const end = addressEnd(text, at, Math.min(stop, at + ADDRESS_UNITS_MAX), isInner);
  if (end + BEHIND > stop && !final) return MORE;
  let last = end;
  const { seen } = extent;
  if ((seen & BACKSLASH) !== 0) last = at + unescapedUnits(text.slice(at, end));
  while (last > at && TRAILING.includes(text.charAt(last - 1))) last -= 1;
  const written = writtenAt(view, at, last);
  if ((seen & HOLE) !== 0 && TEMPLATE.test(written)) return undefined;
  if ((seen & BARE) !== 0 && PORT_ALONE.test(written)) return undefined;
  return { end: last, assessment: assessedAt(view, at, last, written) };
}

/** Up to what source code writes for the end of a line or a control character. */
function unescapedUnits(address: string): number {
  const escape = address.search(SOURCE_ESCAPE);
  return escape > 0 ? escape : address.length;
}

const SOURCE_ESCAPE = /\\(?:[nrt](?![\w.@-])|u00[01][\da-f]|x[01][\da-f])/i;

/** What was met in the address read last, as bits of `kinds` and `BARE`. */
const extent = { seen: 0 };

/** Where the address ends that begins at `at`, or what is read of it. */
function addressEnd(text: string, at: number, stop: number, isInner: boolean): number {
  let most = isInner ? Math.min(stop, at + INNER_UNITS_MAX) : stop;
  let isBegun = false;
  let seen = 0;
  let end = at;
  for (; end < most; end += 1) {
    const unit = text.charCodeAt(end);
    const kind = unit < ASCII_END ? (kinds[unit] ?? 0) : 0;
    if (kind === 0) continue;
    if (kind === NO_UNIT) break;
    seen |= kind;
    if (kind !== DIVIDER) continue;
    const hasSlash = isSlash(text.charCodeAt(end + 1));
    if (isBegun) {
      if (isInner && hasSlash) break;
      continue;
    }
    isBegun = true;
    if (hasSlash) continue;
    // The scheme says all there is to know: script, data.
    most = Math.min(most, end + SCRIPT_UNITS_MAX);
    seen |= BARE;
  }
  extent.seen = seen;
  return end;
}

/** Folding turns look-alike letters into what they imitate: the name is judged as it was written. */
function writtenAt({ text, original }: View, start: number, end: number): string {
  const { written, writtenFrom, base, map } = original;
  if (written === "") return text.slice(start, end);
  const from = toOriginal(map, base + start) - writtenFrom;
  return written.slice(from, toOriginal(map, base + end) - writtenFrom);
}

function isSlash(unit: number): boolean {
  return unit === 0x2f || unit === 0x5c;
}

/** It is all there is, or something is about to fetch it. */
function isCalled(view: View, start: number, end: number): boolean {
  const { text, label } = view;
  const said = saidBy(label);
  if (said.writes) return false;
  if (isFirst(view, start) && text.slice(end, end + BEHIND).trim() === "") return true;
  if (said.calls) return true;
  const from = Math.max(0, start - BEFORE);
  const sign = signBefore(text, from, start);
  if (sign === "=" || (sign === "(" && CALL_BEFORE.test(text.slice(from, start)))) return true;
  if (nextSight(view, CALLERS, from, start) >= start) return false;
  return CALLER_BEFORE.test(text.slice(from, start));
}

/** The last sign between `from` and `start`, before one quote and white space. */
function signBefore(text: string, from: number, start: number): string {
  let at = start - 1;
  if (at >= from && QUOTES.includes(text.charAt(at))) at -= 1;
  while (at >= from && text.charAt(at).trim() === "") at -= 1;
  return at >= from ? text.charAt(at) : "";
}

const QUOTES = "\"'`";

interface Said {
  readonly label: string;
  readonly writes: boolean;
  readonly calls: boolean;
}

/** Of the label asked about last: many addresses share one. */
let said: Said = { label: "", writes: false, calls: false };

function saidBy(label: string): Said {
  if (label !== said.label) {
    said = { label, writes: WRITTEN_BY_LABEL.test(label), calls: CALLED_BY_LABEL.test(label) };
  }
  return said;
}

/** Only white space stands before it, and little of that: of a stream no more is left to see. */
function isFirst({ text, original }: View, start: number): boolean {
  return original.base + start <= LOOK_BACK && text.slice(0, start).trim() === "";
}

/** Addresses with holes to fill are nobody's. */
const TEMPLATE = /^[^/]*\/\/(?:[^/?#]*(?:[{}$*()]|%s|%d|<)|\])/;
/** `http:8080`: what serves there, and no address. */
const PORT_ALONE = /^https?:\d{1,5}(?![\d.])/i;
const TRAILING = ".,;:!?)]}'\"*_";

// Kinds of units in an address, a bit each.
/** An address ends at white space, quotes and angle brackets. */
const NO_UNIT = 1;
const DIVIDER = 2;
const BACKSLASH = 4;
/** In what `TEMPLATE` looks for. */
const HOLE = 8;
/** Nothing but its name divides the scheme from what follows. */
const BARE = 16;
const ASCII_END = 0x80;
const kinds = Uint8Array.from({ length: ASCII_END }, (_, unit) => {
  const sign = String.fromCharCode(unit);
  if (unit <= 0x20 || "\"'<>`".includes(sign)) return NO_UNIT;
  if (sign === ":") return DIVIDER;
  if (sign === "\\") return BACKSLASH;
  return "{}$*()%]".includes(sign) ? HOLE : 0;
});

function isAddressUnit(unit: number): boolean {
  return unit >= ASCII_END || kinds[unit] !== NO_UNIT;
}

function goesOn(unit: number): boolean {
  return isAddressUnit(unit) && unit < 0x80;
}
