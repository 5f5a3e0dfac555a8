/** One live exchange, first byte to sealed ledger entry. What no stage expected is caught here. */
import type { Facts } from "../core/evidence.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Ask, InspectionReport } from "../pipeline/ask.ts";
import { close } from "../pipeline/close.ts";
import { countMissing } from "../pipeline/count-missing.ts";
import type { Ports } from "../pipeline/stages.ts";
import { authorize, type Authorized } from "./authorize.ts";

/** The wire's part of an exchange, supplied by the HTTP, upgrade or MCP door. */
export interface Door {
  /** Stages 9 and 10. Sets `facts.sent` and `facts.outcome`, and answers the agent. */
  forward(authorized: Authorized, facts: Facts): Promise<InspectionReport | undefined>;
  /** Answers with the refusal in the wire's own shape, if there is still somebody to answer. */
  refuse(refusal: Refusal): void;
}

const INTERNAL: Refusal = {
  code: "internal",
  detail: "Sallyport failed on this request, so it was not let through; see its log.",
};

export async function govern(ask: Ask, door: Door, ports: Ports): Promise<void> {
  const facts = newFacts(ask);
  const started = ports.monotonic();
  let authorized: Authorized | undefined;
  let report: InspectionReport | undefined;
  let refusal: Refusal | undefined;
  let sealed: Promise<void>;
  try {
    const verdict = await authorize(ask, facts, ports);
    if (verdict.kind === "pass") {
      authorized = verdict.value;
      report = await door.forward(authorized, facts);
      const uncounted = report?.uncounted;
      if (report && uncounted) report = await countMissing(report, uncounted, ports.tokens);
    } else {
      refusal = verdict.refusal;
      noteRefusal(refusal, facts);
    }
  } catch (error) {
    ports.observer.bug(error, facts);
    refusal = INTERNAL;
    facts.outcome = { kind: "failed" };
  } finally {
    const agreement = authorized?.reserved.agreement;
    sealed = close({ facts, agreement, report, elapsed: ports.monotonic() - started }, ports);
  }
  // Returned, not awaited: this frame, and all it holds, is done.
  if (refusal === undefined) return sealed;
  // A refusal is on the record before the agent hears of it.
  await sealed;
  door.refuse(refusal);
}

function noteRefusal(refusal: Refusal, facts: Facts): void {
  facts.outcome = { kind: "refused", code: refusal.code, detail: refusal.detail };
  facts.review = refusal.review;
  facts.cause = refusal.cause;
}

/** Every field from the start, so that all exchanges share one hidden class. */
export function newFacts(
  ask: Pick<Facts, "exchange" | "at" | "upstream" | "method" | "path" | "trace">,
): Facts {
  return {
    exchange: ask.exchange,
    at: ask.at,
    upstream: ask.upstream,
    method: ask.method,
    path: ask.path,
    trace: ask.trace,
    policy: undefined,
    principal: undefined,
    action: undefined,
    definition: undefined,
    decision: undefined,
    review: undefined,
    reservation: undefined,
    adjustment: undefined,
    opened: undefined,
    sent: false,
    credential: undefined,
    usage: undefined,
    findings: [],
    requestScan: { kind: "none", reason: "not_reached" },
    responseScan: { kind: "none", reason: "not_reached" },
    upstreamStatus: undefined,
    tunnel: undefined,
    outcome: undefined,
    cause: undefined,
    duration: undefined,
  };
}
