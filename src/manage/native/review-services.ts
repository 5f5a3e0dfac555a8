import type { Action } from "../../core/action.ts";
import type { Principal } from "../../core/principal.ts";
import type { DefinitionHash } from "../../core/units.ts";
import type { LinkPorts } from "../../operations/reviews/answer-by-link.ts";

export interface PlacedCall {
  readonly action: Action;
  readonly definition: DefinitionHash | undefined;
}

export interface ReviewServices extends LinkPorts {
  /** A described call as it would be judged, and what is pinned for it: a grant is for no other. */
  placed(action: Action, principal: Principal): PlacedCall;
  readonly slack: SlackSide;
}

/** Who answers by Slack's buttons. */
export interface SlackSide {
  /** Signed just now with the secret of our app; without one, nothing is. */
  isFromSlack(request: {
    readonly body: string;
    readonly timestamp: string;
    readonly signature: string;
  }): boolean;
  /** As approvers are named. */
  personOf(slackUser: string): string | undefined;
}
