/**
 * Stages 1–8: everything that can say no happens here, before everything that costs. The order of
 * the stages is the precedence of their refusals, so every door reports the same one.
 */
import type { Facts } from "../core/evidence.ts";
import type { Inspections } from "../core/decision.ts";
import { issuePermit, type Permit } from "../core/permit.ts";
import { pass, type Verdict } from "../core/verdict.ts";
import type { Ask, Interpretation, RequestBody } from "../pipeline/ask.ts";
import { decide } from "../pipeline/decide.ts";
import { detect } from "../pipeline/detect.ts";
import { identify } from "../pipeline/identify.ts";
import { limit } from "../pipeline/limit.ts";
import { open } from "../pipeline/open.ts";
import { reserve, type Reserved } from "../pipeline/reserve.ts";
import { review } from "../pipeline/review.ts";
import type { Ports } from "../pipeline/stages.ts";
import { vouch } from "../pipeline/vouch.ts";

/** What `forward` needs: the permit, and how to send the request and read its answer. */
export interface Authorized {
  readonly permit: Permit;
  readonly interpretation: Interpretation;
  readonly inspections: Inspections;
  readonly reserved: Reserved;
  readonly body: RequestBody;
}

export async function authorize(
  ask: Ask,
  facts: Facts,
  ports: Ports,
): Promise<Verdict<Authorized>> {
  const snapshot = ports.policies.current();
  facts.policy = snapshot.digest;

  const identified = identify(ask.presented, ports.directory);
  if (identified.kind === "halt") return identified;
  const principal = (facts.principal = identified.value);

  const limited = limit(principal, ports.gate);
  if (limited.kind === "halt") return limited;

  const inspections = snapshot.inspections(principal);
  const now = ask.at;
  const marks = ports.sessions.marks(principal);
  const interpreted = await ask.interpret({ principal, snapshot, inspections, now, marks });
  if (interpreted.kind === "halt") return interpreted;
  const interpretation = interpreted.value;
  const action = (facts.action = interpretation.action);

  const { exchange, surroundings, upstream } = ask;
  const { scannable, metering } = interpretation;
  const detected = detect(scannable, surroundings, inspections.request, upstream.unscannable);
  facts.findings = detected.findings;
  facts.requestScan = detected.scan;
  if (detected.verdict.kind === "halt") return detected.verdict;

  const vouched = vouch(action, upstream, ports.definitions);
  if (vouched.kind === "halt") return vouched;
  const definition = (facts.definition = vouched.value?.seen);

  const source = (): string => interpretation.source();
  const decided = decide(snapshot, principal, action, { now, marks, source });
  facts.decision = decided.decision;
  if (decided.verdict.kind === "halt") return decided.verdict;

  const subject = { exchange, now, principal, action, definition, policy: snapshot.digest };
  const reviewed = await review(subject, decided.verdict.value, ports.reviews);
  if (reviewed.kind === "halt") return reviewed;
  const terms = reviewed.value;

  const reserved = await reserve({ exchange, now, principal, action, terms, metering }, ports);
  if (reserved.kind === "halt") return reserved;
  facts.reservation = reserved.value.reservation;

  const body = interpretation.compose({
    redacted: detected.verdict.value,
    outputTokens: reserved.value.outputTokens,
    toolCalls: reserved.value.toolCalls,
  });
  const opened = await open(facts, ports.ledger);
  if (opened.kind === "halt") return opened;
  facts.opened = opened.value;

  const permit = issuePermit(exchange, action, terms, reserved.value.reservation, opened.value);
  return pass({ permit, interpretation, inspections, reserved: reserved.value, body });
}
