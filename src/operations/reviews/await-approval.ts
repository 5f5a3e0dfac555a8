/**
 * Stage 6 with its wait. Minutes may pass until a person answers: whoever asks, what policy says and
 * what the tool is are looked at again before the answer counts.
 */
import type { PolicyFacts, PolicySnapshot } from "../../core/policy/policy-snapshot.ts";
import type { ReviewSubject } from "../../core/review/open-review.ts";
import type { ReviewId } from "../../core/units.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import type { Ask, Interpretation } from "../../pipeline/ask.ts";
import { decide, type Promising } from "../../pipeline/decide.ts";
import { identify } from "../../pipeline/identify.ts";
import { limit } from "../../pipeline/limit.ts";
import { toldTo } from "../../pipeline/opaque.ts";
import { grantStale, review, type Hold, type Reviewed } from "../../pipeline/review.ts";
import { recall } from "../../pipeline/recall.ts";
import type { Ports } from "../../pipeline/stages.ts";
import { vouch } from "../../pipeline/vouch.ts";
import { withinMeans } from "../../pipeline/within-means.ts";

export interface Awaited {
  readonly ask: Ask;
  readonly interpretation: Interpretation;
  readonly subject: ReviewSubject;
  readonly decided: Promising;
  readonly snapshot: PolicySnapshot;
  readonly policyFacts: PolicyFacts;
}

export function awaitApproval(
  awaited: Awaited,
  ports: Ports,
): Verdict<Reviewed> | Promise<Verdict<Reviewed>> {
  const { ask, subject, decided: decision } = awaited;
  if (decision.kind === "allow") return review(subject, decision, ports, undefined);
  const carrying = awaited.interpretation.carriedApproval?.();
  const goOn = (carried: ReviewId | undefined): Verdict<Reviewed> | Promise<Verdict<Reviewed>> =>
    carried === undefined
      ? reviewedAndStill(awaited, ports, ask.hold?.())
      : pass({ terms: decision.terms, grant: undefined, carried, waited: false });
  return carrying instanceof Promise ? carrying.then(goOn) : goOn(carrying);
}

async function reviewedAndStill(
  awaited: Awaited,
  ports: Ports,
  hold: Hold | undefined,
): Promise<Verdict<Reviewed>> {
  const { subject, decided: decision } = awaited;
  const payable = await withinMeans({ ...subject, terms: decision.terms }, ports);
  if (payable.kind === "halt") return payable;
  const reviewed = await review(subject, decision, ports, hold);
  // A stop or a shutdown ends the wait, and is the reason that counts.
  const limited = limit(subject.principal, ports.gate, awaited.ask.upstream);
  if (limited.kind === "halt") return limited;
  if (reviewed.kind === "halt" || !reviewed.value.waited) return reviewed;
  return reconsider(awaited, reviewed.value, ports);
}

async function reconsider(
  { ask, interpretation, subject, snapshot, policyFacts }: Awaited,
  reviewed: Reviewed,
  ports: Ports,
): Promise<Verdict<Reviewed>> {
  const { principal, action, definition, policy } = subject;
  const { definitionEra: era } = interpretation;
  const identified = await identify(ask.presented, ports.directory);
  if (identified.kind === "halt") return identified;
  const vouched = vouch({ action, upstream: ask.upstream, principal, era }, ports.definitions);
  if (vouched.kind === "halt") return halt(toldTo(principal, snapshot, vouched.refusal));
  const isStale = vouched.value?.seen !== definition || ports.policies.current().digest !== policy;
  if (isStale && reviewed.grant !== undefined) return halt(grantStale(reviewed.grant));
  const recalled = await recall(principal, snapshot, ports.sessions);
  if (recalled.kind === "halt") return recalled;
  const facts = { ...policyFacts, now: ports.now(), marks: recalled.value };
  const { verdict } = decide(snapshot, principal, action, facts);
  if (verdict.kind === "halt") return halt(toldTo(principal, snapshot, verdict.refusal));
  return pass({ ...reviewed, terms: verdict.value.terms });
}
