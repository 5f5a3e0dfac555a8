import type { Action } from "../action.ts";
import type { Approval } from "../decision.ts";
import type { Principal } from "../principal.ts";
import {
  instant,
  type DefinitionHash,
  type Digest,
  type ExchangeId,
  type Instant,
  type ReviewId,
  type RuleId,
} from "../units.ts";
import { fingerprintOf, overrideFingerprintOf } from "./fingerprint.ts";
import type { Review, ReviewOrigin } from "./review.ts";
import { dueAt } from "./speak.ts";

/** What a review is about. */
export interface ReviewSubject {
  readonly exchange: ExchangeId;
  readonly now: Instant;
  readonly principal: Principal;
  readonly action: Action;
  /** What the tool was when this was asked: a grant is for that tool and no other. */
  readonly definition?: DefinitionHash | undefined;
  /** The snapshot that asked for the review. */
  readonly policy: Digest;
}

export interface ReviewTerms {
  readonly id: ReviewId;
  readonly approval: Approval;
  readonly rules: readonly RuleId[];
  readonly origin: ReviewOrigin;
}

export function openReview(
  { exchange, now, principal, action, definition, policy }: ReviewSubject,
  { id, approval, rules, origin }: ReviewTerms,
): Review {
  const priority = approval.priority ?? "medium";
  const expiresAt = instant(now + approval.expires);
  return {
    id,
    revision: 1,
    origin,
    exchange,
    principal,
    action,
    fingerprint: fingerprintOf(principal, action, definition),
    rules,
    approval,
    policy,
    priority,
    createdAt: now,
    dueAt: dueAt(now, priority, expiresAt, approval.sla),
    expiresAt,
    status: "pending",
    assignedTo: [],
    words: [],
    successor: undefined,
    attendAt: now,
    told: undefined,
  };
}

/** A grant from the start: nobody is asked, and the denial stays on the record. */
export function openOverride(subject: ReviewSubject, terms: ReviewTerms): Review {
  const review = openReview(subject, terms);
  const fingerprint = overrideFingerprintOf(subject.principal, subject.action);
  return { ...review, fingerprint, status: "approved" };
}
