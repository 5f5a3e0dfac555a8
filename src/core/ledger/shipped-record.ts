/** Records in the shapes that other systems read: our own, CloudEvents, OCSF. */
import { impossible } from "../../lib/impossible.ts";
import type { Digest } from "../units.ts";
import type { Entry } from "./entry.ts";
import { placeText, type RecordFacts } from "./ledger-index.ts";

export const SHIP_FORMATS = ["native", "cloudevents", "ocsf"] as const;
export type ShipFormat = (typeof SHIP_FORMATS)[number];

export interface ShippedRecord {
  readonly entry: Entry;
  readonly hash: Digest;
  /** Canonical JSON as it was written. */
  readonly text: string;
  readonly facts: RecordFacts;
}

/** A JSON object. Its identifier is the record's place: what comes twice has it twice. */
export function shipped(record: ShippedRecord, format: ShipFormat): object {
  switch (format) {
    case "native":
      return { id: placeText(record.entry), hash: record.hash, record: parsed(record) };
    case "cloudevents":
      return cloudEvent(record);
    case "ocsf":
      return apiActivity(record);
    default:
      return impossible(format);
  }
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
function cloudEvent(record: ShippedRecord): object {
  const { entry, facts, hash } = record;
  return {
    specversion: "1.0",
    id: placeText(entry),
    source: `/sallyport/ledger/${entry.writer}`,
    type: `sallyport.ledger.${entry.kind}`,
    time: timeText(entry),
    subject: facts.subject ?? facts.action ?? entry.kind,
    datacontenttype: "application/json",
    // Attribute names are lower-case letters and digits only (§3).
    recordhash: hash,
    data: parsed(record),
  };
}

/** Class API Activity. @see https://schema.ocsf.io/1.5.0/classes/api_activity */
const API_ACTIVITY = 6003;
const APPLICATION_ACTIVITY = 6;
const ACTIVITY_OTHER = 99;
const SUCCESS = 1;
const FAILURE = 2;
const UNKNOWN = 0;

function apiActivity(record: ShippedRecord): object {
  const { entry, facts, hash, text } = record;
  const status = statusOf(facts);
  const isBlocked = facts.outcome === "refused" || facts.outcome === "cut";
  return {
    class_uid: API_ACTIVITY,
    class_name: "API Activity",
    category_uid: APPLICATION_ACTIVITY,
    activity_id: ACTIVITY_OTHER,
    activity_name: facts.action ?? entry.kind,
    type_uid: API_ACTIVITY * 100 + ACTIVITY_OTHER,
    time: entry.at,
    severity_id: severityOf(facts),
    status_id: status,
    status_detail: facts.code ?? facts.outcome,
    // Profile "security_control": 1 allowed, 2 denied.
    ...(facts.outcome !== undefined && { action_id: isBlocked ? 2 : 1 }),
    metadata: {
      version: "1.5.0",
      uid: placeText(entry),
      correlation_uid: facts.subject,
      tenant_uid: facts.tenant,
      profiles: ["security_control"],
      product: { name: "Sallyport", vendor_name: "Sallyport" },
    },
    actor: {
      app_name: facts.agent ?? "unknown",
      ...(facts.user !== undefined && { user: { name: facts.user } }),
      ...(facts.session !== undefined && { session: { uid: facts.session } }),
    },
    api: {
      operation: facts.tool ?? facts.model ?? facts.action ?? entry.kind,
      service: { name: facts.upstream ?? "sallyport" },
    },
    src_endpoint: { name: facts.agent ?? "unknown" },
    ...(facts.upstream !== undefined && { dst_endpoint: { name: facts.upstream } }),
    raw_data: text,
    unmapped: { kind: entry.kind, hash, effect: facts.effect, cost_nano_usd: facts.cost },
  };
}

function statusOf({ outcome }: RecordFacts): number {
  if (outcome === undefined || outcome === "unknown") return UNKNOWN;
  return outcome === "completed" ? SUCCESS : FAILURE;
}

/** Informational, medium, high. */
function severityOf({ flagged, score = 0 }: RecordFacts): number {
  if (!flagged) return 1;
  return score >= 80 ? 4 : 3;
}

function parsed({ text }: ShippedRecord): unknown {
  return JSON.parse(text);
}

function timeText({ at }: Entry): string {
  return new Date(at).toISOString();
}
