import type { Instant, ReviewId, TenantId } from "../units.ts";

/** Lets one person answer one review, once, without any other proof. */
export interface ApprovalLink {
  readonly review: ReviewId;
  readonly tenant: TenantId;
  /** The person, as approvers are named. */
  readonly approver: string;
  readonly expiresAt: Instant;
}

export interface ApprovalLinks {
  /** As it stands in an address. */
  issue(link: ApprovalLink): Promise<string>;
  /** Undefined: forged, expired, or signed with a key that is gone. */
  read(token: string): Promise<ApprovalLink | undefined>;
}
