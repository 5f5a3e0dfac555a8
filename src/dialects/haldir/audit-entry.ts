/** Records of the ledger as entries of an audit trail. */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { IndexedRecord } from "../../core/ledger/ledger-index.ts";
import { AUTHORIZE_SPEND } from "../../core/own-server.ts";
import { dollarsOf, secondsOf } from "./fields.ts";

export function entryJson(record: IndexedRecord): JsonObject {
  const { subject, session, agent, tool, action, cost = 0, flagged, at, hash } = record;
  const written = writtenAs(record);
  return {
    entry_id: subject ?? "",
    session_id: session ?? "",
    agent_id: agent ?? "",
    tool: tool ?? "",
    action: tool === AUTHORIZE_SPEND && record.kind === "outcome" ? "payment" : (action ?? ""),
    cost_usd: dollarsOf(cost),
    flagged,
    flag_reason: flagged ? reasonIn(written) : null,
    timestamp: secondsOf(at),
    details: record.details ?? endOf(record),
    prev_hash: written["prev"] ?? null,
    entry_hash: hash,
  };
}

/** How an exchange ended; an event has no end but what was told of it. */
function endOf({ outcome, code }: IndexedRecord): string | null {
  if (outcome === undefined) return null;
  return code === undefined ? outcome : `${outcome}: ${code}`;
}

/** Of an event what was said, of an exchange what was found. */
function reasonIn({ event, checked }: JsonObject): string | null {
  const reason = isJsonObject(event) ? event["reason"] : undefined;
  if (typeof reason === "string") return reason;
  const findings = isJsonObject(checked) ? checked["findings"] : undefined;
  const detectors = (isJsonArray(findings) ? findings : []).map((found) =>
    isJsonObject(found) && typeof found["detector"] === "string" ? found["detector"] : "",
  );
  return [...new Set(detectors)].join(", ");
}

function writtenAs({ record }: IndexedRecord): JsonObject {
  const parsed: JsonValue = JSON.parse(record);
  return isJsonObject(parsed) ? parsed : {};
}
