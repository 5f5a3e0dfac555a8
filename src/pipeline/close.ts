/**
 * Stage 11 of 11. Every exchange ends here exactly once, however it went: money settled, marks on
 * the session, outcome on the ledger, counters told.
 */
import type { Facts } from "../core/evidence.ts";
import { namedSpend } from "../core/money/claims.ts";
import type { SettleReply } from "../core/money/budget.ts";
import type { HoldLine } from "../core/money/holds.ts";
import type { RateUse } from "../core/money/rate.ts";
import { crossingOf } from "../core/money/thresholds.ts";
import { settlementsOf, type Agreement } from "../core/money/settle.ts";
import { millis } from "../core/units.ts";
import { errorOf } from "../lib/caught.ts";
import type { InspectionReport } from "./ask.ts";
import { marksFound } from "./marking.ts";
import { tellConduct } from "./watch.ts";
import type { Observer, Ports } from "./stages.ts";

/** How it went, beside what the facts already say. */
export interface Ended {
  readonly facts: Facts;
  /** What settling needs; undefined when the exchange never got a permit. */
  readonly agreement: Agreement | undefined;
  /** Undefined when the upstream was never asked. */
  readonly report: InspectionReport | undefined;
  /** Milliseconds. */
  readonly elapsed: number;
}

/**
 * Does everything now and answers with the promise of a durable outcome, which a refusal waits for
 * before the agent hears. Not an async function: waiting must not keep the exchange in memory.
 */
export function close({ facts, agreement, report, elapsed }: Ended, ports: Ports): Promise<void> {
  facts.duration = millis(Math.max(0, Math.round(elapsed)));
  if (report !== undefined) {
    if (report.findings.length > 0) facts.findings = [...facts.findings, ...report.findings];
    facts.responseScan = report.scan;
  }
  const spent = settle(facts, agreement, report, ports);
  release(facts, spent, ports);
  mark(facts, ports);
  tellConduct(facts, ports.now(), ports.conduct);
  const sealed = ports.ledger.outcome(facts);
  ports.observer.closed(facts);
  return sealed;
}

/**
 * Money that never went out comes back; what went out is owed, whatever came of it. Nobody waits:
 * the store keeps what it cannot write now, and until then the hold stands.
 */
function settle(
  facts: Facts,
  agreement: Agreement | undefined,
  report: InspectionReport | undefined,
  { prices, budgets, observer }: Ports,
): RateUse {
  const { reservation } = facts;
  if (reservation === undefined) return UNUSED;
  if (agreement === undefined || !facts.sent) {
    if (reservation.kind === "held") void budgets.settle(reservation.attempt, []);
    return UNUSED;
  }
  const ending = {
    sent: true,
    status: facts.upstreamStatus,
    usage: report?.usage,
    model: report?.model,
  };
  const { settlements, priced, spent } = settlementsOf(agreement, ending, prices);
  facts.usage = priced;
  if (reservation.kind === "held") {
    const settled = budgets.settle(reservation.attempt, settlements);
    if (agreement.lines.some(notifies))
      void settled.then((reply) => tell(reply, agreement, observer));
  }
  return { tokens: spent.inputTokens + spent.outputTokens, nanoUsd: spent.nanoUsd };
}

const UNUSED: RateUse = { tokens: 0, nanoUsd: 0 };

/** Frees the places the exchange had, and gives back what it took of its rates and did not use. */
function release({ exchange, decision, sent }: Facts, spent: RateUse, { rates }: Ports): void {
  if (decision === undefined || !("terms" in decision)) return;
  const { terms } = decision;
  if (terms.rates.length === 0) return;
  const named = sent ? namedSpend(terms.charges) : 0;
  rates.end(exchange, { tokens: spent.tokens, nanoUsd: spent.nanoUsd + named });
}

function notifies({ hold }: HoldLine): boolean {
  return hold.budget.notifyAt.length > 0;
}

function tell(reply: SettleReply, { lines }: Agreement, observer: Observer): void {
  if (reply.kind !== "settled") return;
  for (const change of reply.changes) {
    const line = lines.find(({ hold }) => hold.key === change.key);
    const crossing = line && crossingOf(line.hold, change);
    if (crossing !== undefined) observer.budgetThreshold(crossing);
  }
}

function mark(facts: Facts, { sessions }: Ports): void {
  const { principal } = facts;
  if (principal === undefined) return;
  const marks = marksOf(facts);
  if (marks.length === 0) return;
  try {
    void sessions.mark(principal, marks);
  } catch (error) {
    facts.cause ??= errorOf(error);
  }
}

/** What went out by a rule with marks, and what was found in it or in its answer. */
function marksOf({ sent, decision, findings }: Facts): readonly string[] {
  const found = marksFound(findings);
  const isPromising = decision?.kind === "allow" || decision?.kind === "escalate";
  const ruled = sent && isPromising ? decision.terms.marks : [];
  return found.length === 0 ? ruled : [...new Set([...ruled, ...found])];
}
