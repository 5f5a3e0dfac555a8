import type { Action } from "../../core/action.ts";
import type { PolicySnapshot } from "../../core/policy/policy-snapshot.ts";
import type { Principal } from "../../core/principal.ts";
import type { ReviewSubject } from "../../core/review/open-review.ts";
import { id, type DefinitionHash, type Instant } from "../../core/units.ts";
import { newId } from "../../lib/ids.ts";

export interface PlacedCall {
  readonly action: Action;
  readonly definition: DefinitionHash | undefined;
}

/** What describing a call asks of the world. */
export interface SubjectPorts {
  readonly policies: { snapshot(): Promise<Pick<PolicySnapshot, "digest">> };
  readonly reviews: {
    readonly now: () => Instant;
    /** A described call as it would be judged, and what is pinned for it: a grant is for no other. */
    placed(action: Action, principal: Principal): Promise<PlacedCall>;
  };
}

/** A call that was described, as it would be asked about if it were made now. */
export async function subjectOf(
  principal: Principal,
  described: Action,
  { policies, reviews }: SubjectPorts,
): Promise<ReviewSubject> {
  const now = reviews.now();
  const exchange: ReviewSubject["exchange"] = id(newId("exc", now));
  const placed = await reviews.placed(described, principal);
  const { digest: policy } = await policies.snapshot();
  return { exchange, now, principal, ...placed, policy };
}
