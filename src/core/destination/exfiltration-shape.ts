/** Addresses that carry something out: in labels, path, parameters or behind the hash. */
import { luhn } from "../inspect/detectors/check-digits.ts";
import { cutPieces } from "./cut-pieces.ts";
import type { Factor } from "./factor.ts";
import type { Destination } from "./parse-destination.ts";
import { percentDecoded } from "./percent-decoded.ts";
import { PAYLOAD_MIN, readablePayload } from "./readable-payload.ts";
import type { DomainName } from "./registrable-domain.ts";
import { STANDING, type HostTraits } from "./standing.ts";

/** What only somebody who has read a secret or a record would write. */
const TELLING =
  /(?:secret|passw(?:or)?d|pwd|token|api_?key|access_?key|private key|credential|authorization|aws_|session|cookie|\bssn\b|\biban\b|\bcard\b|balance|root:x:|begin [a-z ]{0,20}key|\bmail=|user(?:name)?=|env=|\.env\b)/i;

const PARTS_MAX = 24;
const VALUE_MIN = 12;
const LABEL_LONG = 26;
/** Shorter labels carry something only together. */
const LABEL_MIN = 8;
/** Pieces of a message that was too long for one label. */
const CHUNK_MIN = 6;
const CHUNK = /^(?=.*\d)[\da-z]{6,63}$/i;
const CHUNKS_MIN = 4;
/** Pieces are cut to one length. */
const EVEN_UNITS_MIN = 8;
const EVEN_LABELS_MIN = 3;
const HEX_NUMBER = /^[\da-f]{32}$/;
const CAPITAL_CODE_MIN = 14;
const CAPITAL_CODE = /^(?=.*[2-7])[A-Z2-7]{14,63}$/;
const CARD = /(?<!\w)[3-6]\d{12,15}(?!\w)/;
/** Three words, at least. */
const SENTENCE = /[a-z]:? [a-z]+ [a-z]/i;
const COMMON_PARAMETERS =
  /^(?:redirect_uri|redirect|url|next|return(?:_?to|url)?|callback|continue|ref|referrer|utm_\w+|state|code|scope|q|query|search|s|sig|signature|x-amz-\w+|X-Amz-\w+|hash|v|id|gclid|fbclid|cursor|page)$/i;

const NOTHING: readonly Factor[] = [];
const NO_PIECES: readonly string[] = [];

/** What the name says, whatever stands behind it. */
export function exfiltratingName(
  { rawHost }: Destination,
  domain: DomainName,
  { standing }: HostTraits,
): readonly Factor[] {
  const isCollector = (standing & STANDING.collector) !== 0;
  const hidden = hiddenIn(labelsOf(rawHost, domain));
  if (!isCollector && hidden === 0) return NOTHING;
  const established = (standing & STANDING.established) !== 0;
  const factors: Factor[] = [];
  if (isCollector) factors.push(exfiltration("collector", 0.7, established));
  if (hidden > 0) factors.push(exfiltration("payload-in-name", hidden, established));
  return factors;
}

/** What path, parameters and fragment carry: at most `most` reasons. */
export function exfiltratingPath(
  { path, query, fragment }: Destination,
  established: boolean,
  most: number,
): readonly Factor[] {
  if (Math.max(path.length, query.length, fragment.length) < VALUE_MIN) return NOTHING;
  const segments = longPieces(path, "/").slice(0, PARTS_MAX);
  const factors: Factor[] = [];
  for (const segment of segments) {
    if (factors.length === most) return factors;
    const weight = segmentWeight(withoutEnding(segment));
    if (weight > 0) factors.push(exfiltration("payload-in-path", weight, established));
  }
  const pairs = [...longPieces(query, "&"), ...longPieces(fragment, "&")];
  for (const pair of pairs.slice(0, PARTS_MAX - segments.length)) {
    if (factors.length === most) return factors;
    const weight = pairWeight(pair);
    if (weight > 0) factors.push(exfiltration("payload-in-parameter", weight, established));
  }
  if (factors.length > 0) return factors;
  const cut = Math.max(cutWeight(cutPieces(path, "/")), cutWeight(cutPieces(query, "&")));
  return cut === 0 ? NOTHING : [exfiltration("payload-in-pieces", cut, established)];
}

/** A message that was cut into pieces of one length. */
function cutWeight(joined: string): number {
  const payload = readablePayload(joined);
  if (payload === undefined) return 0;
  return TELLING.test(payload) ? 0.92 : 0.7;
}

/** Nobody writes a record as a name in a path: escapes are what makes one of it. */
function segmentWeight(segment: string): number {
  const value = fullyDecoded(segment);
  return value === segment
    ? weightOf("", value)
    : Math.max(weightOf("", value), recordWeight(value));
}

/** What was escaped twice, too. */
function fullyDecoded(text: string): string {
  const once = percentDecoded(text);
  return once === text ? once : percentDecoded(once);
}

function exfiltration(name: string, weight: number, established: boolean): Factor {
  return { kind: "exfiltration", name, weight: established ? weight * 0.55 : weight };
}

function longPieces(text: string, divider: string): readonly string[] {
  if (text.length < VALUE_MIN) return NO_PIECES;
  if (!text.includes(divider)) return [text];
  return text.split(divider).filter(({ length }) => length >= VALUE_MIN);
}

/** The name of a file without what says its kind. */
function withoutEnding(segment: string): string {
  return segment.includes(".") ? segment.replace(/\.\w{1,5}$/, "") : segment;
}

function pairWeight(pair: string): number {
  const at = pair.indexOf("=");
  // A value alone, with its padding.
  if (at < 0 || /^=*$/.test(pair.slice(at))) return weightOf("value", fullyDecoded(pair));
  return weightOf(pair.slice(0, at), fullyDecoded(pair.slice(at + 1)));
}

/** Labels before the registrable domain, with their capitals: none where they are too short. */
function labelsOf(rawHost: string, { domain }: DomainName): readonly string[] {
  // Shorter ones carry nothing, alone or joined.
  if (domain === "" || rawHost.length <= domain.length + PAYLOAD_MIN) return NO_PIECES;
  const end = rawHost.length - domain.length - 1;
  let joined = 0;
  let chunks = 0;
  let from = 0;
  for (let i = 0; i <= end; i += 1) {
    if (i < end && rawHost.charCodeAt(i) !== DOT) continue;
    const units = i - from;
    if (units >= LABEL_MIN) joined += units;
    if (units >= CHUNK_MIN) chunks += 1;
    from = i + 1;
  }
  if (joined < PAYLOAD_MIN && chunks < CHUNKS_MIN) return NO_PIECES;
  return rawHost.slice(0, end).split(".");
}

const DOT = 0x2e;

/** A tunnel through names: labels that decode to text, alone or joined, or are long and random. */
function hiddenIn(labels: readonly string[]): number {
  if (labels.length === 0) return 0;
  const joined = labels.filter((label) => label.length >= LABEL_MIN).join("");
  const single = labels.map((label) => readablePayload(label)).find((one) => one !== undefined);
  const payload = single ?? readablePayload(joined);
  if (payload !== undefined) return TELLING.test(payload) ? 0.95 : 0.85;
  const long = labels.filter((label) => label.length >= LABEL_LONG && isDense(label));
  if (long.length > 1) return 0.85;
  const chunks = labels.filter(isChunk).length;
  if (chunks >= CHUNKS_MIN) return 0.8;
  if (isEven(labels)) return 0.7;
  // Nobody writes a host name in capitals and digits.
  if (labels.some((label) => label.length >= CAPITAL_CODE_MIN && CAPITAL_CODE.test(label)))
    return 0.66;
  // One of 32 digits is the number of a customer or a page.
  return long.length === 1 ? (HEX_NUMBER.test(long[0] ?? "") ? 0.5 : 0.68) : 0;
}

function isChunk(label: string): boolean {
  return label.length >= CHUNK_MIN && CHUNK.test(label);
}

function isEven(labels: readonly string[]): boolean {
  const [first = ""] = labels;
  if (first.length < EVEN_UNITS_MIN) return false;
  return labels.filter(({ length }) => length === first.length).length >= EVEN_LABELS_MIN;
}

/** No words: hardly any vowels between letters and digits, no dashes that divide. */
function isDense(label: string): boolean {
  if (!/^[a-z\d]+$/i.test(label)) return false;
  const vowels = label.match(/[aeiou]/gi)?.length ?? 0;
  return vowels / label.length < 0.28;
}

function weightOf(name: string, value: string): number {
  const payload = readablePayload(value);
  if (payload !== undefined) {
    if (TELLING.test(payload)) return 0.92;
    // `{"…":…}` is how honest state is carried.
    if (/^[{[]/.test(payload) || COMMON_PARAMETERS.test(name)) return 0.3;
    return name !== "" ? 0.68 : SENTENCE.test(payload) ? 0.66 : 0.55;
  }
  return name === "" ? 0 : recordWeight(value);
}

/** A record as it is, or records inside one value: `a=b&c=d`, `TOKEN=…`. */
function recordWeight(value: string): number {
  if (/^https?:/i.test(value)) return 0;
  if (/^-----BEGIN|root:x:0:0|AKIA[\dA-Z]{16}/.test(value) || hasCard(value)) return 0.85;
  if (!value.includes("=")) return 0;
  const pairs = value.match(/[\w.-]{2,40}=[^&=\s]{2,}/g)?.length ?? 0;
  return pairs >= 2 || (pairs === 1 && TELLING.test(value)) ? 0.75 : 0;
}

/** A number of a card: times, serials and signatures have as many digits. */
function hasCard(value: string): boolean {
  const digits = CARD.exec(value)?.[0];
  return digits !== undefined && luhn(digits);
}
