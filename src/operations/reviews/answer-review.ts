/** A person says something to a call that waits, or says who should. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Change } from "../../core/ledger/entry.ts";
import { isWaiting, type Review, type ReviewWordKind } from "../../core/review/review.ts";
import { assign, speak, whyOver, type Spoken } from "../../core/review/speak.ts";
import { id, type ReviewId } from "../../core/units.ts";
import { newId } from "../../lib/ids.ts";
import { applyChange, type Applied } from "./apply-change.ts";
import { mayAnswer, personOf } from "./may-answer.ts";
import { changeReviews, type ReviewPorts } from "./change-reviews.ts";

export interface Word {
  readonly kind: ReviewWordKind;
  readonly note: string | undefined;
  /** See `ReviewWord.named`. */
  readonly named?: string | undefined;
  /** Of an escalation: who is asked instead; undefined: whom the rule names, else administrators. */
  readonly approvers?: readonly string[] | undefined;
}

/** What a word makes of a review, as the ledger calls it. */
const CHANGES = {
  acknowledge: "review.acknowledged",
  approve: "review.approved",
  deny: "review.denied",
  defer: "review.deferred",
  escalate: "review.escalated",
} as const satisfies Readonly<Record<ReviewWordKind, string>>;

/** Looks as if it were not there to whoever is not in its tenant, or an agent that did not ask. */
export async function findReview(
  caller: Caller,
  reviewId: string,
  { reviews }: Pick<ReviewPorts, "reviews">,
): Promise<Answer<Review>> {
  const review = await reviews.find(caller.tenant, reviewId);
  const foreign = caller.role === "agent" && review?.principal.agent !== caller.agent;
  if (review === undefined || foreign) return fault("not_found", "There is no such review.");
  return done(review);
}

/** The answer is on the ledger before it is in force. A review handed on answers with the next one. */
export async function answerReview(
  caller: Caller,
  reviewId: string,
  { kind, note, named, approvers }: Word,
  ports: ReviewPorts,
): Promise<Answer<Review>> {
  const found = await answerable(caller, reviewId, ports);
  if (found.kind === "fault") return found;
  const review = found.value;
  const at = ports.now();
  const by = personOf(caller);
  const succession = { id: id<ReviewId>(newId("rev", at)), approvers };
  const say = (standing: Review): Spoken =>
    speak(standing, { kind, by, at, note, named }, succession);
  const spoken = say(review);
  if (spoken.kind === "refused") return fault("conflict", spoken.why);
  const detail = {
    ...(note !== undefined && { note }),
    ...(named !== undefined && { named }),
    ...(spoken.opened !== undefined && { successor: spoken.opened.id }),
  };
  const change = changeOf(CHANGES[kind], review, by, detail);
  const make = (standing: Review): Applied | undefined => {
    const again = say(standing);
    return again.kind === "refused" ? undefined : again;
  };
  const write = (): Promise<Applied | undefined> => applyChange(review, make, ports.reviews);
  const written = await changeReviews(change, caller.tenant, write, ports);
  if (written.kind === "fault") return written;
  return done(written.value.opened ?? written.value.review);
}

export interface Assignment {
  readonly assignedTo: readonly string[];
  /** Of the review as it was seen; undefined: as it stands. */
  readonly revision?: number | undefined;
}

/** Says of whom an answer is expected. It gives nobody a right. */
export async function assignReview(
  caller: Caller,
  reviewId: string,
  { assignedTo, revision }: Assignment,
  ports: ReviewPorts,
): Promise<Answer<Review>> {
  const found = await answerable(caller, reviewId, ports);
  if (found.kind === "fault") return found;
  const review = found.value;
  const over = whyOver(review, ports.now());
  if (over !== undefined) return fault("conflict", over);
  const isSeen = (standing: Review): boolean =>
    revision === undefined || standing.revision === revision;
  if (!isSeen(review)) return fault("changed_meanwhile", "It has changed: look at it again.");
  const detail = { assigned_to: assignedTo.join(" ") };
  const change = changeOf("review.assigned", review, personOf(caller), detail);
  const make = (standing: Review): Applied | undefined =>
    isWaiting(standing) && isSeen(standing) ? { review: assign(standing, assignedTo) } : undefined;
  const write = (): Promise<Applied | undefined> => applyChange(review, make, ports.reviews);
  const written = await changeReviews(change, caller.tenant, write, ports);
  return written.kind === "fault" ? written : done(written.value.review);
}

async function answerable(
  caller: Caller,
  reviewId: string,
  ports: ReviewPorts,
): Promise<Answer<Review>> {
  const found = await findReview(caller, reviewId, ports);
  if (found.kind === "fault" || mayAnswer(caller, found.value)) return found;
  const who = found.value.approval.approvers.join(", ") || "other people";
  return fault("forbidden", `This review is for ${who}, and never for who asked.`);
}

function changeOf(
  change: string,
  { id: about, principal, exchange }: Review,
  by: string,
  detail: Change["detail"],
): Change {
  return { change, about, by, detail: { agent: principal.agent, exchange, ...detail } };
}
