import type { Approval } from "../decision.ts";
import type { Action } from "../action.ts";
import type { Principal } from "../principal.ts";
import type { Digest, ExchangeId, Instant, ReviewId, RuleId } from "../units.ts";
import type { ReviewPriority } from "./priority.ts";

/**
 * `pending`, `acknowledged` (somebody looks at it) and `deferred` (not now) wait for a person.
 * `approved` is a grant, `used` one that was; `escalated` handed the question to its successor.
 */
export const REVIEW_STATUSES = [
  "pending",
  "acknowledged",
  "deferred",
  "approved",
  "used",
  "denied",
  "escalated",
  "expired",
] as const;
export type ReviewStatus = (typeof REVIEW_STATUSES)[number];

/** Where a person's word is still awaited. */
export const WAITING_STATUSES = ["pending", "acknowledged", "deferred"] as const;

/** A call that waits for a human, and what humans said. Plain data: it is stored as JSON. */
export interface Review {
  readonly id: ReviewId;
  /** Counts the changes: who changes a review names the one that was seen. */
  readonly revision: number;
  readonly origin: ReviewOrigin;
  readonly exchange: ExchangeId;
  readonly principal: Principal;
  readonly action: Action;
  /** Hash of principal, action and tool definition: the same call asked again finds this review. */
  readonly fingerprint: Digest;
  readonly rules: readonly RuleId[];
  readonly approval: Approval;
  /** The policies that asked for it: under others it is asked for anew. */
  readonly policy: Digest;
  readonly priority: ReviewPriority;
  readonly createdAt: Instant;
  /** When somebody should have answered. */
  readonly dueAt: Instant;
  /** Until then a person may answer; of an approval: until then the call may be made. */
  readonly expiresAt: Instant;
  readonly status: ReviewStatus;
  /** Of whom an answer is expected. It gives nobody a right. */
  readonly assignedTo: readonly string[];
  /** In order. */
  readonly words: readonly ReviewWord[];
  readonly successor: ReviewId | undefined;
  /** When somebody has to be told of it next; undefined: nobody any more. */
  readonly attendAt: Instant | undefined;
  /** The last thing that was told. */
  readonly told: ReviewNews | undefined;
}

export type ReviewOrigin =
  /** A rule wanted a person to see a call. */
  | { readonly kind: "call" }
  /** Somebody asked ahead of the call. */
  | {
      readonly kind: "request";
      readonly by: string;
      readonly reason: string;
      /** What else they said of it, for who answers. */
      readonly said?: Readonly<Record<string, string>> | undefined;
    }
  /** A review that waited was handed on. */
  | { readonly kind: "escalation"; readonly of: ReviewId }
  /** A person sets a denial aside: a grant that is good until it expires. */
  | {
      readonly kind: "override";
      readonly by: string;
      readonly of: string;
      readonly type: string;
      readonly justification: string;
    };

export const REVIEW_WORDS = ["acknowledge", "approve", "deny", "defer", "escalate"] as const;
export type ReviewWordKind = (typeof REVIEW_WORDS)[number];

export interface ReviewWord {
  readonly kind: ReviewWordKind;
  readonly by: string;
  readonly at: Instant;
  readonly note: string | undefined;
  /** Whose answer it is, in the words of whoever holds the key; `by` is what was proven. */
  readonly named?: string | undefined;
}

/** What subscribers are told of a review. */
export type ReviewNews = "requested" | "overdue" | "decided" | "expired";

export function isWaiting({ status }: Pick<Review, "status">): boolean {
  return status === "pending" || status === "acknowledged" || status === "deferred";
}
