/**
 * Facts → records. The texts are canonical JSON by construction (keys sorted, a test compares with
 * the generic canonicaliser), because this runs twice per exchange. What is left out is the point:
 * no argument, no body, no query value and no matched text enters the ledger.
 */
import { impossible } from "../../lib/impossible.ts";
import type { Facts, Outcome, Scan } from "../evidence.ts";
import type { Finding } from "../inspect/finding.ts";
import { spentByName } from "../money/spent-by-name.ts";
import type { PricedUsage } from "../money/priced-usage.ts";
import { USAGE_COUNTS, type Usage } from "../money/usage.ts";
import type { Digest, ExchangeId, Instant } from "../units.ts";
import { asked } from "./record-asked.ts";
import { OPENLY, type PersonalTexts } from "./personal-texts.ts";
import { digits, list, quote } from "./json-text.ts";

/** Findings kept in one record; the rest are counted. */
export const FINDINGS_MAX = 64;

/** The intent's record without its link (see `chainRecord`). */
export function intentBody(facts: Facts, personal: PersonalTexts = OPENLY): string {
  return (
    `{"asked":${asked(facts, personal)},"at":${digits(facts.at)}` +
    `,"checked":${checked(facts, undefined)}` +
    `,"exchange":${quote(facts.exchange)},"kind":"intent"`
  );
}

/** The outcome's record without its link. It repeats `asked` only where there was no intent. */
export function outcomeBody(facts: Facts, at: Instant, personal: PersonalTexts = OPENLY): string {
  let out = "{";
  if (facts.upstreamStatus !== undefined) out += `"answer_status":${digits(facts.upstreamStatus)},`;
  if (facts.opened === undefined) out += `"asked":${asked(facts, personal)},`;
  out += `"at":${digits(at)},"checked":${checked(facts, facts.responseScan)}`;
  if (facts.usage !== undefined) out += `,"cost":${cost(facts.usage)}`;
  if (facts.credential !== undefined) out += `,"credential":${quote(facts.credential)}`;
  out += `,"dispatched":${facts.sent}`;
  if (facts.duration !== undefined) out += `,"duration_ms":${digits(facts.duration)}`;
  out += `,"exchange":${quote(facts.exchange)}`;
  if (facts.opened !== undefined) out += `,"intent":"${facts.opened}"`;
  out += `,"kind":"outcome"`;
  const named = spentByName(facts);
  if (named > 0) out += `,"named_nano_usd":${digits(named)}`;
  return `${out},"outcome":${outcome(facts.outcome)}`;
}

/** The outcome of an intent whose writer died before it could tell. */
export function unknownBody(exchange: ExchangeId, intent: Digest, at: Instant): string {
  return (
    `{"at":${digits(at)},"exchange":${quote(exchange)},"intent":"${intent}"` +
    `,"kind":"outcome","outcome":{"kind":"unknown"}`
  );
}

function checked(facts: Facts, response: Scan | undefined): string {
  const { findings } = facts;
  let out = `{"findings":${list(findings, FINDINGS_MAX, finding)}`;
  if (findings.length > FINDINGS_MAX) {
    out += `,"findings_omitted":${findings.length - FINDINGS_MAX}`;
  }
  out += `,"request":${scan(facts.requestScan)}`;
  return response === undefined ? `${out}}` : `${out},"response":${scan(response)}}`;
}

function finding(found: Finding): string {
  return (
    `{"action":"${found.action}","confidence":${digits(found.confidence)}` +
    `,"detector":${quote(found.detector)},"end":${digits(found.end)},"part":${quote(found.part)}` +
    `,"rule":${quote(found.rule)},"score":${digits(found.score)}` +
    `,"signature":${quote(found.signature)},"start":${digits(found.start)}}`
  );
}

function scan(verdict: Scan): string {
  switch (verdict.kind) {
    case "none":
      return `{"kind":"none","reason":"${verdict.reason}"}`;
    case "scanned":
      return `{"bytes":${digits(verdict.bytes)},"kind":"scanned"}`;
    case "unscanned":
      return (
        `{"bytes":${digits(verdict.bytes)},"kind":"unscanned"` +
        `,"reason":${quote(verdict.reason)}}`
      );
    default:
      return impossible(verdict);
  }
}

function cost(priced: PricedUsage): string {
  return (
    `{"catalogue":${quote(priced.catalogue)},"model":${quote(priced.model)}` +
    `,"nano_usd":${digits(priced.cost)},"price":"${priced.price}","usage":${usage(priced.usage)}}`
  );
}

/** What is no count of tokens stands among the counts where canonical JSON wants it. */
function usage(tokens: Usage): string {
  let out = "{";
  for (const [key, name] of USAGE_COUNTS) {
    if (key === "tool_calls") out += `"source":"${tokens.source}",${priceList(tokens)}`;
    const count = tokens[name];
    if (count !== undefined) out += `"${key}":${digits(count)},`;
  }
  return `${out.slice(0, -1)}}`;
}

/** The price list, where it is not the usual one. */
function priceList({ surcharge, tier }: Usage): string {
  const more = surcharge === undefined || surcharge === 0 ? "" : `"surcharge":${surcharge},`;
  return tier === undefined || tier === "standard" ? more : `${more}"tier":"${tier}",`;
}

/** An exchange that was closed without saying how is one that failed. */
function outcome(end: Outcome | undefined): string {
  if (end === undefined) return `{"kind":"failed"}`;
  switch (end.kind) {
    case "refused":
      return `{"code":"${end.code}","detail":${quote(end.detail)},"kind":"refused"}`;
    case "completed":
      return `{"bytes":${digits(end.bytes)},"kind":"completed","status":${digits(end.status)}}`;
    case "cut":
      return `{"bytes":${digits(end.bytes)},"code":"${end.code}","kind":"cut"}`;
    case "abandoned":
      return `{"by":"${end.by}","bytes":${digits(end.bytes)},"kind":"abandoned"}`;
    case "failed":
      return `{"kind":"failed"}`;
    default:
      return impossible(end);
  }
}
