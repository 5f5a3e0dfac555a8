/** One live exchange, first byte to sealed ledger entry. The only try/catch on the hot path. */
import type { Facts } from "../core/evidence.ts";
import type { Refusal } from "../core/refusal.ts";
import type { InspectionReport } from "../pipeline/ask.ts";
import type { Ask } from "../pipeline/ask.ts";
import { close } from "../pipeline/close.ts";
import type { Ports } from "../pipeline/stages.ts";
import { authorize, type Authorized } from "./authorize.ts";

/** The wire's part of an exchange, supplied by the HTTP, upgrade or MCP door. */
export interface Door {
  /** Stage 9 and 10. Sets `facts.sent` and `facts.outcome`; never rejects. */
  forward(authorized: Authorized, facts: Facts): Promise<InspectionReport | undefined>;
  /** Answers with the refusal in the wire's own shape, if there is still somebody to answer. */
  refuse(refusal: Refusal): void;
}

export async function govern(ask: Ask, door: Door, ports: Ports): Promise<void> {
  const facts = newFacts(ask);
  const started = ports.monotonic();
  let authorized: Authorized | undefined;
  let report: InspectionReport | undefined;
  try {
    const verdict = await authorize(ask, facts, ports);
    if (verdict.kind === "halt") {
      await refuse(verdict.refusal, facts, door, ports);
    } else {
      authorized = verdict.value;
      report = await door.forward(authorized, facts);
    }
  } catch (error) {
    ports.observer.bug(error, facts);
    facts.outcome = { kind: "failed" };
    door.refuse({ code: "internal", detail: "Sallyport failed on this request; see its log." });
  } finally {
    await close({ facts, authorized, report, elapsed: ports.monotonic() - started }, ports);
  }
}

/** A refusal is on the record before the agent hears of it, unless the record itself is down. */
async function refuse(refusal: Refusal, facts: Facts, door: Door, ports: Ports): Promise<void> {
  facts.outcome = { kind: "refused", code: refusal.code, detail: refusal.detail };
  facts.review = refusal.review;
  if (refusal.cause !== undefined) ports.observer.trouble(refusal.cause, facts);
  await ports.ledger.outcome(facts);
  door.refuse(refusal);
}

/** Every field from the start, so that all exchanges share one hidden class. */
function newFacts(ask: Ask): Facts {
  return {
    exchange: ask.exchange,
    at: ask.at,
    upstream: ask.upstream,
    method: ask.method,
    path: ask.path,
    policy: undefined,
    principal: undefined,
    action: undefined,
    decision: undefined,
    review: undefined,
    reservation: undefined,
    opened: undefined,
    sent: false,
    usage: undefined,
    findings: [],
    requestScan: { kind: "none", reason: "not_reached" },
    responseScan: { kind: "none", reason: "not_reached" },
    upstreamStatus: undefined,
    outcome: undefined,
    duration: undefined,
  };
}
