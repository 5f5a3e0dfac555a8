import { canonicalJson } from "../../lib/canonical-json.ts";
import type { JsonObject } from "../json.ts";
import { id, nanoUsd, type Instant } from "../units.ts";
import type { ChangeDetail, ReportedEvent } from "./entry.ts";
import { flag, MalformedRecord, number, object, optional, text } from "./field-reader.ts";
import { clipped, digits } from "./json-text.ts";
import { OPENLY, type PersonalTexts } from "./personal-texts.ts";
import { keptDetail } from "./record-change.ts";

/** UTF-16 units of an event's free text; the door refuses longer ones. */
export const DETAILS_CHARS_MAX = 16_384;

/** Texts that are kept whole up to a bound of their own, or are ours. */
const UNCLIPPED: ReadonlySet<string> = new Set(["details", "id"]);

/** The record of an outside event without its link (see `linkText`). */
export function eventBody(
  event: ReportedEvent,
  at: Instant,
  personal: PersonalTexts = OPENLY,
): string {
  const { cost, data, ...texts } = concealed(event, personal);
  const said = Object.entries(texts).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [[name, typeof value === "string" ? boundedText(name, value) : value]];
  });
  const record = {
    ...Object.fromEntries(said),
    ...(cost !== undefined && { cost_nano_usd: cost }),
    data: keptDetail(data),
  };
  return `{"at":${digits(at)},"event":${canonicalJson(record)},"kind":"event"`;
}

/** Free text belongs to the user it is about, else to the event itself. */
function concealed(event: ReportedEvent, { conceal }: PersonalTexts): ReportedEvent {
  const { tenant, user, details, id: own } = event;
  return {
    ...event,
    user: user && conceal(tenant, user, user),
    details: details && conceal(tenant, user ?? own, details),
  };
}

function boundedText(name: string, value: string): string {
  return UNCLIPPED.has(name) ? value : clipped(value);
}

export function parseEvent(from: JsonObject): ReportedEvent {
  const cost = optional(from, "cost_nano_usd", number);
  return {
    id: text(from, "id"),
    tenant: id(text(from, "tenant")),
    action: text(from, "action"),
    agent: optional(from, "agent", text),
    session: optional(from, "session", text),
    user: optional(from, "user", text),
    upstream: optional(from, "upstream", text),
    tool: optional(from, "tool", text),
    model: optional(from, "model", text),
    cost: cost === undefined ? undefined : nanoUsd(cost),
    flagged: flag(from, "flagged"),
    reason: optional(from, "reason", text),
    details: optional(from, "details", text),
    data: parseDetail(object(from, "data")),
    by: text(from, "by"),
  };
}

/** Members of a change or an event; they are never documents themselves. */
export function parseDetail(from: JsonObject): ChangeDetail {
  return Object.fromEntries(
    Object.entries(from).map(([name, value]) => {
      if (value === null || typeof value === "object") throw new MalformedRecord("detail");
      return [name, value];
    }),
  );
}
