/** A person says yes or no to a call that waits. */
import { done, fault, type Answer } from "../core/fault.ts";
import type { Caller } from "../core/identity/caller.ts";
import { includesRole, ROLES } from "../core/identity/role.ts";
import type { Ledger } from "../core/ledger/ledger.ts";
import type { Review, ReviewStore } from "../core/review/review.ts";
import type { Instant } from "../core/units.ts";

export interface ReviewPorts {
  readonly reviews: ReviewStore;
  readonly ledger: Pick<Ledger, "change" | "healthy">;
  readonly now: () => Instant;
}

export interface Word {
  readonly approve: boolean;
  readonly note: string | undefined;
}

/** Looks as if it were not there to whoever is not in its tenant. */
export async function findReview(
  caller: Caller,
  reviewId: string,
  { reviews }: Pick<ReviewPorts, "reviews">,
): Promise<Answer<Review>> {
  const review = await reviews.find(reviewId);
  const hidden = review?.principal.tenant !== caller.tenant;
  if (review === undefined || hidden) return fault("not_found", "There is no such review.");
  return done(review);
}

/** The answer is on the ledger before it is in force. */
export async function answerReview(
  caller: Caller,
  reviewId: string,
  { approve, note }: Word,
  { reviews, ledger, now }: ReviewPorts,
): Promise<Answer<Review>> {
  const found = await findReview(caller, reviewId, { reviews });
  if (found.kind === "fault") return found;
  const review = found.value;
  if (!mayAnswer(caller, review)) {
    const who = review.approval.approvers.join(", ");
    return fault("forbidden", `This review is for ${who}, and never for who asked.`);
  }
  if (review.status !== "pending") {
    return fault("conflict", `This review is ${review.status} already.`);
  }
  const status = approve ? "approved" : "denied";
  const { agent } = review.principal;
  const detail = { agent, exchange: review.exchange, ...(note !== undefined && { note }) };
  const change = { change: `review.${status}`, about: review.id, by: caller.name, detail };
  if (!ledger.healthy || !(await ledger.change(change))) {
    return fault("unavailable", "Nothing was answered: the ledger cannot be written now.");
  }
  const answered = await reviews.answer(review.id, status, { by: caller.name, at: now(), note });
  if (answered !== undefined) return done(answered);
  await ledger.change({ ...change, change: `${change.change}.refused` });
  return fault("conflict", "Somebody answered it meanwhile, or its time is over.");
}

/**
 * By name, or by a role of ours that the caller has; a role that we do not know is an
 * administrator's to answer. Nobody answers what their own agent or user asks.
 */
export function mayAnswer(caller: Caller, { principal, approval }: Review): boolean {
  if (caller.agent === principal.agent || caller.name === principal.user) return false;
  if (approval.approvers.length === 0 || caller.role === "admin") return true;
  return approval.approvers.some((approver) => {
    if (!approver.startsWith("role:")) return approver === caller.name;
    const role = ROLES.find((known) => known === approver.slice("role:".length));
    return role !== undefined && role !== "agent" && includesRole(caller.role, role);
  });
}
