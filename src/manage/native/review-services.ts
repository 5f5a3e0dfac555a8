import type { LinkPorts } from "../../operations/reviews/answer-by-link.ts";
import type { SubjectPorts } from "../../operations/reviews/review-subject.ts";

export interface ReviewServices extends LinkPorts, Pick<SubjectPorts["reviews"], "placed"> {
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
