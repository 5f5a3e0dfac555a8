/** Stage 5, and the denials by policy that a person has set aside for a while. */
import type { Terms } from "../../core/decision.ts";
import type { PolicyFacts, PolicySnapshot } from "../../core/policy/policy-snapshot.ts";
import { overrideFingerprintOf } from "../../core/review/fingerprint.ts";
import type { ReviewSubject } from "../../core/review/open-review.ts";
import type { ReviewStore } from "../../core/review/review-store.ts";
import type { ReviewId } from "../../core/units.ts";
import { pass } from "../../core/verdict.ts";
import { decide, type Decided } from "../../pipeline/decide.ts";

export interface DecidedOrLifted extends Decided {
  /** The override that this call stands on; the decision is on the record as it was made. */
  readonly override: ReviewId | undefined;
}

/** No rule allowed it, so none charges, limits or marks it. */
const NO_TERMS: Terms = Object.freeze({
  charges: [],
  rates: [],
  outputTokens: undefined,
  marks: [],
  shadow: [],
});

export function decideOrLift(
  snapshot: PolicySnapshot,
  subject: ReviewSubject,
  facts: PolicyFacts,
  reviews: ReviewStore,
): DecidedOrLifted | Promise<DecidedOrLifted> {
  const { decision, verdict } = decide(snapshot, subject.principal, subject.action, facts);
  const decided = { decision, verdict, override: undefined };
  if (verdict.kind === "pass" || verdict.refusal.code !== "policy_denied") return decided;
  return lifted(decided, subject, reviews);
}

async function lifted(
  denied: DecidedOrLifted,
  { principal, action }: ReviewSubject,
  reviews: ReviewStore,
): Promise<DecidedOrLifted> {
  const { decision } = denied;
  try {
    const fingerprint = overrideFingerprintOf(principal, action);
    const found = await reviews.override(principal.tenant, fingerprint);
    if (found === undefined) return denied;
    const { because } = decision;
    const verdict = pass({ kind: "allow", because, terms: NO_TERMS } as const);
    return { decision, verdict, override: found.id };
  } catch {
    // Whether somebody set it aside is not known now: it stays denied.
    return denied;
  }
}
