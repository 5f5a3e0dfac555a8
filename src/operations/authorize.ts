/**
 * Stages 1–8: everything that can say no happens here, before everything that costs. The order of
 * the stages is the precedence of their refusals, so every door reports the same one.
 */
import type { Facts } from "../core/evidence.ts";
import type { Inspections } from "../core/decision.ts";
import { issuePermit, type Permit } from "../core/permit.ts";
import type { ReviewId } from "../core/units.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { Principal } from "../core/principal.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import type { Ask, Changes, Interpretation, RequestBody } from "../pipeline/ask.ts";
import type { CallMeter } from "../pipeline/call-meter.ts";
import { confine, confineTerms } from "../pipeline/confine.ts";
import { conform } from "../pipeline/conform.ts";
import { identify } from "../pipeline/identify.ts";
import { limit, stoppedBy } from "../pipeline/limit.ts";
import { toldOfFindings, toldTo } from "../pipeline/opaque.ts";
import { open } from "../pipeline/open.ts";
import { markingOf, marksFound, type Marking } from "../pipeline/marking.ts";
import { recall } from "../pipeline/recall.ts";
import type { Reserved } from "../pipeline/reserve.ts";
import { grantStale } from "../pipeline/review.ts";
import type { Ports } from "../pipeline/stages.ts";
import { vouch } from "../pipeline/vouch.ts";
import { look } from "./look.ts";
import { afford, type Affordable } from "./afford.ts";
import { awaitApproval } from "./reviews/await-approval.ts";
import { decideOrLift } from "./reviews/decide-or-lift.ts";
import { useGrant } from "./reviews/use-grant.ts";

/** What `forward` needs: the permit, and how to send the request and read its answer. */
export interface Authorized {
  readonly permit: Permit;
  readonly interpretation: Interpretation;
  readonly inspections: Inspections;
  readonly reserved: Reserved;
  readonly body: RequestBody;
  /** Undefined where nothing is streamed, or no money is held by the token. */
  readonly meter: CallMeter | undefined;
  /** What an answer cost, in nano-USD; undefined where no budget tells the agent. */
  readonly costOf: Affordable["costOf"];
  readonly looks: Ports["looks"];
  /** For what is found on the way back; undefined where no rule of the agent reads marks. */
  readonly marking: Marking | undefined;
}

export async function authorize(
  ask: Ask,
  facts: Facts,
  ports: Ports,
): Promise<Verdict<Authorized>> {
  const { exchange, at: now, upstream } = ask;
  const snapshot = ports.policies.current();
  facts.policy = snapshot.digest;
  const identifying = identify(ask.presented, ports.directory);
  const identified = identifying instanceof Promise ? await identifying : identifying;
  if (identified.kind === "halt") return identified;
  const principal = (facts.principal = identified.value);
  const limited = limit(principal, ports.gate, upstream);
  if (limited.kind === "halt") return limited;
  const recalling = recall(principal, snapshot, ports.sessions);
  const recalled = recalling instanceof Promise ? await recalling : recalling;
  if (recalled.kind === "halt") return recalled;
  const marks = recalled.value;
  const context = { principal, snapshot, inspections: snapshot.inspections(principal), now, marks };
  const interpreted = await ask.interpret(context);
  if (interpreted.kind === "halt") return interpreted;
  const interpretation = interpreted.value;
  const { action, definitionEra: era } = interpretation;
  facts.action = action;
  const wished = snapshot.inspectionsOf(principal, action, now);
  const looked = await look(ask, interpretation.scannable, wished, facts, ports);
  if (looked.kind === "halt") return halt(toldOfFindings(context, looked.refusal));
  const { inspections, risk, redacted } = looked.value;
  const vouched = vouch({ action, upstream, principal, era }, ports.definitions);
  if (vouched.kind === "halt") return halt(toldTo(principal, snapshot, vouched.refusal));
  const definition = (facts.definition = vouched.value?.seen);

  const source = (): string => interpretation.source();
  const policyFacts = { now, marks, source, findings: facts.findings, risk };
  const subject = { exchange, now, principal, action, definition, policy: snapshot.digest };
  const deciding = decideOrLift(snapshot, subject, policyFacts, ports.reviews);
  const decided = deciding instanceof Promise ? await deciding : deciding;
  facts.decision = decided.decision;
  const { verdict, override } = decided;
  if (verdict.kind === "halt") return halt(toldTo(principal, snapshot, verdict.refusal));

  const conforming = conform(action, verdict.value, inspections, vouched.value, ports);
  const conformed = conforming instanceof Promise ? await conforming : conforming;
  if (conformed.kind === "halt") return conformed;
  const confined = confine(principal, action, upstream);
  if (confined.kind === "halt") return confined;
  const awaited = { ask, interpretation, subject, decided: verdict.value, snapshot, policyFacts };
  const reviewing = awaitApproval(awaited, ports);
  const reviewed = reviewing instanceof Promise ? await reviewing : reviewing;
  if (reviewed.kind === "halt") return reviewed;
  const { grant = override, carried } = reviewed.value;
  facts.review = grant ?? carried;
  const purse = confineTerms(principal, reviewed.value.terms);
  if (purse.kind === "halt") return purse;
  const wanted = { facts, principal, snapshot, policyFacts, interpretation, terms: purse.value };
  const afforded = await afford(wanted, ports);
  if (afforded.kind === "halt") return afforded;
  const opening = { facts, principal, snapshot, marks, inspections: conformed.value, grant, ports };
  return permit(afforded.value, redacted, opening);
}

type OpeningPorts = Pick<
  Ports,
  "ledger" | "gate" | "reviews" | "policies" | "now" | "looks" | "sessions"
>;

interface Opening {
  readonly facts: Facts;
  readonly inspections: Inspections;
  readonly principal: Principal;
  readonly grant: ReviewId | undefined;
  readonly snapshot: PolicySnapshot;
  readonly marks: readonly string[];
  readonly ports: OpeningPorts;
}

async function permit(
  { interpretation, action, terms, reserved, meter, costOf }: Affordable,
  redacted: Changes["redacted"],
  { facts, principal, snapshot, marks, inspections, grant, ports }: Opening,
): Promise<Verdict<Authorized>> {
  const { reservation, outputTokens, toolCalls } = reserved;
  facts.reservation = reservation;
  const body = interpretation.compose({ redacted, outputTokens, toolCalls });
  const opened = await open(facts, ports.ledger);
  if (opened.kind === "halt") return opened;
  facts.opened = opened.value;
  const marking = markingOf(principal, snapshot, marks, ports.sessions, (fault) => {
    facts.cause ??= fault;
  });
  const marked = marking?.put([...terms.marks, ...marksFound(facts.findings)]);
  if (marked !== undefined) await marked;
  // A body or a disk may have been waited for: a stop that came meanwhile still counts.
  const stop = ports.gate.stopped(principal);
  if (stop !== undefined) return halt(stoppedBy(stop, principal));
  if (grant !== undefined) {
    if (ports.policies.current().digest !== facts.policy) return halt(grantStale(grant));
    const used = await useGrant(principal.tenant, grant, ports);
    if (used.kind === "halt") return used;
  }
  const issued = issuePermit(facts.exchange, action, terms, reservation, opened.value);
  const { looks } = ports;
  return pass({
    permit: issued,
    interpretation,
    inspections,
    reserved,
    body,
    meter,
    costOf,
    looks,
    marking,
  });
}
