/** Records → entries; the way back of `record-exchange.ts` and `record-chain-event.ts`. */
import { impossible } from "../../lib/impossible.ts";
import type { Outcome, Scan, Tunnel } from "../evidence.ts";
import type { Finding } from "../inspect/finding.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import type { PricedUsage } from "../money/priced-usage.ts";
import { SERVICE_TIERS } from "../money/service-tier.ts";
import { UNCOUNTED, USAGE_COUNTS, type Usage } from "../money/usage.ts";
import { isRefusalCode, type RefusalCode } from "../refusal.ts";
import { id, instant, millis, nanoUsd } from "../units.ts";
import type { Checked, Cut, Entry, Link, OutcomeEntry } from "./entry.ts";
import {
  flag,
  MalformedRecord,
  number,
  object,
  objects,
  optional,
  text,
  word,
} from "./field-reader.ts";
import { RECORD_KINDS } from "./ledger-index.ts";
import { parseAsked } from "./parse-asked.ts";
import { parseDetail, parseEvent } from "./record-event.ts";

/** Undefined where the record is not one that this version writes. */
export function parseEntry(record: unknown): Entry | undefined {
  if (!isJsonObject(record)) return undefined;
  try {
    return read(record);
  } catch (error) {
    if (error instanceof MalformedRecord || error instanceof RangeError) return undefined;
    throw error;
  }
}

function read(record: JsonObject): Entry {
  const link = parseLink(record);
  const kind = word(record, "kind", RECORD_KINDS);
  switch (kind) {
    case "intent":
      return {
        kind,
        ...link,
        exchange: id(text(record, "exchange")),
        asked: parseAsked(object(record, "asked")),
        checked: parseChecked(object(record, "checked")),
      };
    case "outcome":
      return parseOutcomeEntry(record, link);
    case "segment":
      return {
        kind,
        ...link,
        number: number(record, "number"),
        open: objects(record, "open", (open) => ({
          exchange: id(text(open, "exchange")),
          intent: id(text(open, "intent")),
        })),
      };
    case "boot":
      return { kind, ...link, abandoned: objects(record, "abandoned", parseAbandoned) };
    case "recovered":
      return { kind, ...link, cut: parseCut(object(record, "cut")) };
    case "resumed":
      return {
        kind,
        ...link,
        cause: text(record, "cause"),
        intentsRefused: number(record, "intents_refused"),
        outcomesLost: number(record, "outcomes_lost"),
      };
    case "change":
      return {
        kind,
        ...link,
        change: text(record, "change"),
        about: text(record, "about"),
        by: text(record, "by"),
        detail: parseDetail(object(record, "detail")),
      };
    case "event":
      return { kind, ...link, event: parseEvent(object(record, "event")) };
    case "seal":
      return { kind, ...link, openIntents: number(record, "open_intents") };
    default:
      return impossible(kind);
  }
}

function parseLink(record: JsonObject): Link {
  return {
    writer: text(record, "writer"),
    seq: number(record, "seq"),
    prev: id(text(record, "prev")),
    at: instant(number(record, "at")),
  };
}

function parseOutcomeEntry(record: JsonObject, link: Link): OutcomeEntry {
  const intent = optional(record, "intent", text);
  const asked = optional(record, "asked", object);
  const checked = optional(record, "checked", object);
  const cost = optional(record, "cost", object);
  const duration = optional(record, "duration_ms", number);
  const named = optional(record, "named_nano_usd", number);
  const connection = optional(record, "connection", object);
  return {
    kind: "outcome",
    ...link,
    exchange: id(text(record, "exchange")),
    intent: intent === undefined ? undefined : id(intent),
    asked: asked && parseAsked(asked),
    checked: checked && parseChecked(checked),
    dispatched: optional(record, "dispatched", flag),
    credential: optional(record, "credential", text),
    answerStatus: optional(record, "answer_status", number),
    cost: cost && parseCost(cost),
    named: named === undefined ? undefined : nanoUsd(named),
    duration: duration === undefined ? undefined : millis(duration),
    outcome: parseOutcome(object(record, "outcome")),
    ...(connection !== undefined && { tunnel: parseTunnel(connection) }),
  };
}

function parseTunnel(from: JsonObject): Tunnel {
  return {
    address: optional(from, "address", text),
    serverName: optional(from, "server_name", text),
    sent: number(from, "sent"),
    received: number(from, "received"),
  };
}

function parseOutcome(from: JsonObject): Outcome | { readonly kind: "unknown" } {
  const kind = word(from, "kind", [
    "refused",
    "completed",
    "cut",
    "abandoned",
    "failed",
    "unknown",
  ]);
  switch (kind) {
    case "refused":
      return { kind, code: refusalCode(from), detail: text(from, "detail") };
    case "completed":
      return { kind, status: number(from, "status"), bytes: number(from, "bytes") };
    case "cut":
      return { kind, code: refusalCode(from), bytes: number(from, "bytes") };
    case "abandoned":
      return {
        kind,
        by: word(from, "by", ["client", "upstream"]),
        bytes: number(from, "bytes"),
      };
    case "failed":
    case "unknown":
      return { kind };
    default:
      return impossible(kind);
  }
}

function refusalCode(from: JsonObject): RefusalCode {
  const code = text(from, "code");
  if (!isRefusalCode(code)) throw new MalformedRecord("code");
  return code;
}

function parseChecked(from: JsonObject): Checked {
  const response = optional(from, "response", object);
  return {
    findings: objects(from, "findings", parseFinding),
    findingsOmitted: optional(from, "findings_omitted", number) ?? 0,
    request: parseScan(object(from, "request")),
    response: response && parseScan(response),
  };
}

function parseFinding(from: JsonObject): Finding {
  return {
    detector: text(from, "detector"),
    signature: text(from, "signature"),
    rule: text(from, "rule"),
    score: number(from, "score"),
    confidence: number(from, "confidence"),
    part: text(from, "part"),
    start: number(from, "start"),
    end: number(from, "end"),
    action: word(from, "action", ["block", "redact", "report"]),
  };
}

function parseScan(from: JsonObject): Scan {
  const kind = word(from, "kind", ["none", "scanned", "unscanned"]);
  switch (kind) {
    case "none":
      return { kind, reason: word(from, "reason", ["not_asked", "no_body", "not_reached"]) };
    case "scanned":
      return { kind, bytes: number(from, "bytes") };
    case "unscanned":
      return { kind, bytes: number(from, "bytes"), reason: text(from, "reason") };
    default:
      return impossible(kind);
  }
}

function parseCost(from: JsonObject): PricedUsage {
  return {
    usage: parseUsage(object(from, "usage")),
    model: text(from, "model"),
    cost: nanoUsd(number(from, "nano_usd")),
    price: word(from, "price", ["exact", "aliased", "unpriced"]),
    catalogue: text(from, "catalogue"),
  };
}

function parseUsage(from: JsonObject): Usage {
  const counts: Partial<Record<(typeof USAGE_COUNTS)[number][1], number>> = {};
  for (const [key, name] of USAGE_COUNTS) {
    const count = optional(from, key, number);
    if (count !== undefined) counts[name] = count;
  }
  const tier = from["tier"] === undefined ? undefined : word(from, "tier", SERVICE_TIERS);
  const source = word(from, "source", ["provider", "estimated", "floor"]);
  const surcharge = optional(from, "surcharge", number);
  return { ...UNCOUNTED, ...counts, tier, surcharge, source };
}

function parseAbandoned(from: JsonObject): { writer: string; number: number; offset: number } {
  return {
    writer: text(from, "writer"),
    number: number(from, "number"),
    offset: number(from, "offset"),
  };
}

function parseCut(from: JsonObject): Cut {
  return {
    number: number(from, "number"),
    offset: number(from, "offset"),
    bytes: number(from, "bytes"),
    sha256: id(text(from, "sha256")),
  };
}
