import type { Action } from "../../core/action.ts";
import type { Principal } from "../../core/principal.ts";
import type { ReviewSubject } from "../../core/review/open-review.ts";
import { id } from "../../core/units.ts";
import { newId } from "../../lib/ids.ts";
import type { Services } from "./services.ts";

/** A call that was described here, as it would be asked about if it were made now. */
export async function subjectOf(
  principal: Principal,
  action: Action,
  { policies, reviews }: Pick<Services, "policies" | "reviews">,
): Promise<ReviewSubject> {
  const now = reviews.now();
  return {
    exchange: id(newId("exc", now)),
    now,
    principal,
    ...reviews.placed(action, principal),
    policy: (await policies.snapshot()).digest,
  };
}
