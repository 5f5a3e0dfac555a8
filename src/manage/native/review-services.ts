import type { Action } from "../../core/action.ts";
import type { Principal } from "../../core/principal.ts";
import type { DefinitionHash } from "../../core/units.ts";
import type { LinkPorts } from "../../operations/reviews/answer-by-link.ts";

export interface ReviewServices extends LinkPorts {
  /** What is pinned for a call: a grant is for that definition and no other. */
  definitionOf(action: Action, principal: Principal): DefinitionHash | undefined;
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
