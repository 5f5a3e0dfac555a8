/** Addresses in any text. One in running text is mentioned; one that stands alone is called. */
import {
  assessDestination,
  type Assessment,
  type DestinationLists,
} from "../../destination/assess-destination.ts";
import { DESTINATION_KINDS, type DestinationKind } from "../../destination/factor.ts";
import { toOriginal } from "../fold.ts";
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";

/** Longer ones are judged by their beginning; one inside another by less. */
const ADDRESS_UNITS_MAX = 480;
const INNER_UNITS_MAX = 160;
const ANCHORS = [
  "http://",
  "https://",
  "http:\\",
  "https:\\",
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
const CALLED_BEFORE =
  /(?:(?:curl|wget|iwr|irm|nc|http)\s[^\n]{0,30}|(?:fetch|requests?\.\w+|open|get|post|axios|goto|navigate)\(\s*["'`]?|=\s*["']?)$/i;
const BEFORE = 48;

/** Addresses judged, by their text; addresses repeat. Emptied when full. */
const CACHE_MAX = 512;
const caches = new WeakMap<DestinationLists, Map<string, Assessment>>();

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
const last: { view: View | undefined; address: Address | typeof MORE | undefined } = {
  view: undefined,
  address: undefined,
};

function addressOf(view: View, at: number): Address | typeof MORE | undefined {
  // One view is made for each candidate.
  if (last.view !== view) {
    last.address = readAddress(view, at);
    last.view = view;
  }
  return last.address;
}

function readAddress(view: View, at: number): Address | typeof MORE | undefined {
  const { text, stop, final } = view;
  const inner = isAddressUnit(text.charCodeAt(at - 1)) && at > 0;
  const most = Math.min(stop, at + (inner ? INNER_UNITS_MAX : ADDRESS_UNITS_MAX));
  let end = at;
  while (end < most && isAddressUnit(text.charCodeAt(end))) end += 1;
  if (end === stop && !final) return MORE;
  while (end > at && TRAILING.includes(text.charAt(end - 1))) end -= 1;
  const written = writtenAt(view, at, end);
  if (TEMPLATE.test(written)) return undefined;
  return { end, assessment: assessed(written, view.lists) };
}

/** Folding turns look-alike letters into what they imitate: the name is judged as it was written. */
function writtenAt({ text, original }: View, start: number, end: number): string {
  const { written, writtenFrom, base, map } = original;
  if (written === "") return text.slice(start, end);
  const from = toOriginal(map, base + start) - writtenFrom;
  return written.slice(from, toOriginal(map, base + end) - writtenFrom);
}

function assessed(address: string, lists: DestinationLists): Assessment {
  let cache = caches.get(lists);
  if (cache === undefined) caches.set(lists, (cache = new Map<string, Assessment>()));
  const known = cache.get(address);
  if (known !== undefined) return known;
  const assessment = assessDestination(address, lists);
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(address, assessment);
  return assessment;
}

/** It is all there is, or something is about to fetch it. */
function isCalled({ text, label }: View, start: number, end: number): boolean {
  if (text.slice(0, start).trim() === "" && text.slice(end, end + 8).trim() === "") return true;
  if (label !== "" && CALLED_BY_LABEL.test(label)) return true;
  return CALLED_BEFORE.test(text.slice(Math.max(0, start - BEFORE), start));
}

/** Addresses with holes to fill are nobody's. */
const TEMPLATE = /^[^/]*\/\/(?:[^/?#]*(?:[{}$*()]|%s|%d|<)|\])/;
const TRAILING = ".,;:!?)]}'\"*_";

/** Ends at white space, quotes and angle brackets. */
function isAddressUnit(unit: number): boolean {
  return (
    unit > 0x20 && unit !== 0x22 && unit !== 0x27 && unit !== 0x3c && unit !== 0x3e && unit !== 0x60
  );
}

function goesOn(unit: number): boolean {
  return isAddressUnit(unit) && unit < 0x80;
}
