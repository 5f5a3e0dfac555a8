/**
 * Facts → records. The texts are canonical JSON by construction (keys sorted, a test compares with
 * the generic canonicaliser), because this runs twice per exchange. Each part is added to the text
 * `before` it: V8 takes far longer to bring nested pieces into one place than pieces in a row. What
 * is left out is the point: no argument, no body, no query value and no matched text enters the
 * ledger.
 */
import { impossible } from "../../lib/impossible.ts";
import type { Facts, Outcome, Scan, Tunnel } from "../evidence.ts";
import type { Finding } from "../inspect/finding.ts";
import { spentByName } from "../money/spent-by-name.ts";
import type { PricedUsage } from "../money/priced-usage.ts";
import { USAGE_COUNTS, type Usage } from "../money/usage.ts";
import type { Digest, ExchangeId, Instant } from "../units.ts";
import { asked } from "./record-asked.ts";
import { OPENLY, type PersonalTexts } from "./personal-texts.ts";
import { digits, list, quote } from "./json-text.ts";
import { keptText, type Said } from "./kept-text.ts";

/** Findings kept in one record; the rest are counted. */
export const FINDINGS_MAX = 64;

/** The intent's record without its link (see `linkText`). */
export function intentBody(facts: Facts, personal: PersonalTexts = OPENLY): string {
  let out = asked('{"asked":', facts, personal);
  out += ',"at":';
  out += digits(facts.at);
  out = checked(out, facts, undefined);
  out += `,"exchange":`;
  out += quote(facts.exchange);
  return `${out},"kind":"intent"`;
}

/** The outcome's record without its link. It repeats `asked` only where there was no intent. */
export function outcomeBody(facts: Facts, at: Instant, personal: PersonalTexts = OPENLY): string {
  let out = "{";
  if (facts.upstreamStatus !== undefined) out += `"answer_status":${digits(facts.upstreamStatus)},`;
  if (facts.opened === undefined) {
    out = asked(`${out}"asked":`, facts, personal);
    out += ",";
  }
  out += '"at":';
  out += digits(at);
  out = checked(out, facts, facts.responseScan);
  if (facts.tunnel !== undefined) out = tunnel(`${out},"connection":{`, facts.tunnel);
  if (facts.usage !== undefined) out = cost(out, facts.usage);
  if (facts.credential !== undefined) {
    out += ',"credential":';
    out += quote(facts.credential);
  }
  out += facts.sent ? ',"dispatched":true' : ',"dispatched":false';
  if (facts.duration !== undefined) {
    out += ',"duration_ms":';
    out += digits(facts.duration);
  }
  out += ',"exchange":';
  out += quote(facts.exchange);
  if (facts.opened !== undefined) {
    out += ',"intent":"';
    out += facts.opened;
    out += '"';
  }
  out += ',"kind":"outcome"';
  const named = spentByName(facts);
  if (named > 0) out += `,"named_nano_usd":${digits(named)}`;
  return outcome(`${out},"outcome":`, facts.outcome);
}

function tunnel(before: string, { address, received, sent, serverName }: Tunnel): string {
  let out = before;
  if (address !== undefined) out += `"address":${quote(address)},`;
  out += `"received":${digits(received)},"sent":${digits(sent)}`;
  return serverName === undefined ? `${out}}` : `${out},"server_name":${quote(serverName)}}`;
}

/** The outcome of an intent whose writer died before it could tell. */
export function unknownBody(exchange: ExchangeId, intent: Digest, at: Instant): string {
  return (
    `{"at":${digits(at)},"exchange":${quote(exchange)},"intent":"${intent}"` +
    `,"kind":"outcome","outcome":{"kind":"unknown"}`
  );
}

function checked(before: string, facts: Facts, response: Scan | undefined): string {
  const { findings } = facts;
  let out = `${before},"checked":{"findings":`;
  out += list(findings, FINDINGS_MAX, finding);
  if (findings.length > FINDINGS_MAX) {
    out += `,"findings_omitted":${findings.length - FINDINGS_MAX}`;
  }
  out = scan(`${out},"request":`, facts.requestScan);
  if (response !== undefined) out = scan(`${out},"response":`, response);
  return `${out}}`;
}

function finding(found: Finding): string {
  return (
    `{"action":"${found.action}","confidence":${digits(found.confidence)}` +
    `,"detector":${quote(found.detector)},"end":${digits(found.end)},"part":${quote(found.part)}` +
    `,"rule":${quote(found.rule)},"score":${digits(found.score)}` +
    `,"signature":${quote(found.signature)},"start":${digits(found.start)}}`
  );
}

function scan(before: string, verdict: Scan): string {
  switch (verdict.kind) {
    case "none":
      return `${before}{"kind":"none","reason":"${verdict.reason}"}`;
    case "scanned":
      return `${before}{"bytes":${digits(verdict.bytes)},"kind":"scanned"}`;
    case "unscanned":
      return (
        `${before}{"bytes":${digits(verdict.bytes)},"kind":"unscanned"` +
        `,"reason":${quote(verdict.reason)}}`
      );
    default:
      return impossible(verdict);
  }
}

function cost(before: string, priced: PricedUsage): string {
  let out = before + pricedBy({ name: priced.model, catalogue: priced.catalogue });
  out += digits(priced.cost);
  out += ',"price":"';
  out += priced.price;
  return `${usage(`${out}","usage":{`, priced.usage)}}`;
}

const pricedBy = keptText(
  ({ name, catalogue }: Said & Pick<PricedUsage, "catalogue">) =>
    `,"cost":{"catalogue":${quote(catalogue)},"model":${quote(name)},"nano_usd":`,
  (now, before) => now.catalogue === before.catalogue,
);

/** What is no count of tokens stands among the counts where canonical JSON wants it. */
function usage(before: string, tokens: Usage): string {
  let out = before;
  for (const [key, name] of COUNTS_BEFORE_SOURCE) {
    const count = tokens[name];
    if (count !== undefined) out += `${key}${digits(count)},`;
  }
  out += `"source":"${tokens.source}"`;
  out += priceList(tokens);
  for (const [key, name] of COUNTS_BEHIND_TIER) {
    const count = tokens[name];
    if (count !== undefined) out += `,${key}${digits(count)}`;
  }
  return `${out}}`;
}

const COUNT_KEYS = USAGE_COUNTS.map(([key, name]) => [`"${key}":`, name] as const);
const COUNTS_BEFORE_SOURCE = COUNT_KEYS.filter(([key]) => key < '"source":');
const COUNTS_BEHIND_TIER = COUNT_KEYS.filter(([key]) => key > '"tier":');

/** The price list, where it is not the usual one. */
function priceList({ surcharge, tier }: Usage): string {
  const more = surcharge === undefined || surcharge === 0 ? "" : `,"surcharge":${surcharge}`;
  return tier === undefined || tier === "standard" ? more : `${more},"tier":"${tier}"`;
}

/** An exchange that was closed without saying how is one that failed. */
function outcome(before: string, end: Outcome | undefined): string {
  if (end === undefined) return `${before}{"kind":"failed"}`;
  switch (end.kind) {
    case "refused":
      return `${before}{"code":"${end.code}","detail":${quote(end.detail)},"kind":"refused"}`;
    case "completed":
      return `${before}{"bytes":${digits(end.bytes)},"kind":"completed","status":${digits(end.status)}}`;
    case "cut":
      return `${before}{"bytes":${digits(end.bytes)},"code":"${end.code}","kind":"cut"}`;
    case "abandoned":
      return `${before}{"by":"${end.by}","bytes":${digits(end.bytes)},"kind":"abandoned"}`;
    case "failed":
      return `${before}{"kind":"failed"}`;
    default:
      return impossible(end);
  }
}
