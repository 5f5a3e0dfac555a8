/** Addresses that carry something out: in labels, path, parameters or behind the hash. */
import { listedName } from "./domain-list.ts";
import type { Factor } from "./factor.ts";
import { COLLECTORS } from "./known-domains.ts";
import type { Destination } from "./parse-destination.ts";
import { percentDecoded } from "./percent-decoded.ts";
import { readablePayload } from "./readable-payload.ts";
import type { DomainName } from "./registrable-domain.ts";

/** What only somebody who has read a secret or a record would write. */
const TELLING =
  /(?:secret|passw(?:or)?d|pwd|token|api_?key|access_?key|private key|credential|authorization|aws_|session|cookie|\bssn\b|\biban\b|\bcard\b|balance|root:x:|begin [a-z ]{0,20}key|\bmail=|user(?:name)?=|env=|\.env\b)/i;

const PARTS_MAX = 24;
const VALUE_MIN = 12;
const LABEL_LONG = 26;
/** Pieces of a message that was too long for one label. */
const CHUNK = /^(?=.*\d)[\da-z]{6,63}$/i;
const CHUNKS_MIN = 4;
/** Pieces are cut to one length. */
const EVEN_UNITS_MIN = 8;
const EVEN_LABELS_MIN = 3;
const CAPITAL_CODE = /^(?=.*[2-7])[A-Z2-7]{14,63}$/;
const COMMON_PARAMETERS =
  /^(?:redirect_uri|redirect|url|next|return(?:_?to|url)?|callback|continue|ref|referrer|utm_\w+|state|code|scope|q|query|search|s|sig|signature|x-amz-\w+|X-Amz-\w+|hash|v|id|gclid|fbclid|cursor|page)$/i;

export function exfiltrationFactors(
  destination: Destination,
  domain: DomainName,
  established: boolean,
): readonly Factor[] {
  const factors: Factor[] = [];
  const add = (name: string, weight: number): void => {
    factors.push({ kind: "exfiltration", name, weight: established ? weight * 0.55 : weight });
  };
  if (listedName(COLLECTORS, destination.host) !== undefined) add("collector", 0.7);
  const labels = labelsOf(destination.rawHost, domain);
  const hidden = hiddenIn(labels);
  if (hidden !== undefined) add("payload-in-name", hidden);
  for (const [name, value] of valuesOf(destination)) {
    const weight = weightOf(name, value);
    if (weight > 0) add(name === "" ? "payload-in-path" : "payload-in-parameter", weight);
    if (factors.length >= 4) break;
  }
  return factors;
}

/** Labels before the registrable domain, with their capitals. */
function labelsOf(rawHost: string, { domain }: DomainName): readonly string[] {
  if (domain === "" || rawHost.length <= domain.length) return [];
  return rawHost.slice(0, rawHost.length - domain.length - 1).split(".");
}

/** A tunnel through names: labels that decode to text, alone or joined, or are long and random. */
function hiddenIn(labels: readonly string[]): number | undefined {
  const joined = labels.filter((label) => label.length >= 8).join("");
  const single = labels.map((label) => readablePayload(label)).find((one) => one !== undefined);
  const payload = single ?? readablePayload(joined);
  if (payload !== undefined) return TELLING.test(payload) ? 0.95 : 0.85;
  const long = labels.filter((label) => label.length >= LABEL_LONG && isDense(label));
  if (long.length > 1) return 0.85;
  const chunks = labels.filter((label) => CHUNK.test(label)).length;
  if (chunks >= CHUNKS_MIN) return 0.8;
  if (isEven(labels)) return 0.7;
  // Nobody writes a host name in capitals and digits.
  if (labels.some((label) => CAPITAL_CODE.test(label))) return 0.66;
  return long.length === 1 ? 0.68 : undefined;
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

function* valuesOf({ path, query, fragment }: Destination): Generator<readonly [string, string]> {
  let left = PARTS_MAX;
  for (const segment of path.split("/")) {
    if (segment.length >= VALUE_MIN && left-- > 0)
      yield ["", percentDecoded(segment.replace(/\.\w{1,5}$/, ""))];
  }
  for (const pair of `${query}&${fragment}`.split("&")) {
    if (pair.length < VALUE_MIN || left-- <= 0) continue;
    const at = pair.indexOf("=");
    // A value alone, with its padding.
    const bare = at < 0 || /^=*$/.test(pair.slice(at));
    yield bare
      ? ["value", percentDecoded(pair)]
      : [pair.slice(0, at), percentDecoded(pair.slice(at + 1))];
  }
}

function weightOf(name: string, value: string): number {
  const payload = readablePayload(value);
  if (payload !== undefined) {
    if (TELLING.test(payload)) return 0.92;
    // `{"…":…}` is how honest state is carried.
    if (/^[{[]/.test(payload) || COMMON_PARAMETERS.test(name)) return 0.3;
    return name === "" ? 0.55 : 0.68;
  }
  if (name === "" || /^https?:/i.test(value)) return 0;
  if (/^-----BEGIN|root:x:0:0|AKIA[\dA-Z]{16}|(?:^|\D)\d{13,16}(?:\D|$)/.test(value)) return 0.85;
  // Records inside one parameter: `a=b&c=d`, `TOKEN=…`.
  const pairs = value.match(/[\w.-]{2,40}=[^&=\s]{2,}/g)?.length ?? 0;
  if (pairs >= 2 || (pairs === 1 && TELLING.test(value))) return 0.75;
  return 0;
}
