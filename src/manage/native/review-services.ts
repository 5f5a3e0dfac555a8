import type { Action } from "../../core/action.ts";
import type { Principal } from "../../core/principal.ts";
import type { DefinitionHash } from "../../core/units.ts";
import type { ReviewPorts } from "../../operations/reviews/change-reviews.ts";

export interface ReviewServices extends ReviewPorts {
  /** What is pinned for a call: a grant is for that definition and no other. */
  definitionOf(action: Action, principal: Principal): DefinitionHash | undefined;
}
