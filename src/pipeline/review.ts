/**
 * Stage 6 of 11. A call that a rule wants a person to see is stored, and waits as long as its wire
 * can; then it is refused for now. The same call asked again meets the review that is already
 * waiting, or the person's answer.
 */
import type { Terms } from "../core/decision.ts";
import type { Refusal } from "../core/refusal.ts";
import type { ReviewAwaiting } from "../core/review/awaiting.ts";
import { openReview, type ReviewSubject } from "../core/review/open-review.ts";
import { isWaiting, type Review } from "../core/review/review.ts";
import type { ReviewStore } from "../core/review/review-store.ts";
import { id, type Instant, type Millis, type ReviewId } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { impossible } from "../lib/impossible.ts";
import type { Promising } from "./decide.ts";

export interface Reviewed {
  readonly terms: Terms;
  /** The approval that this call will use up when it is dispatched. */
  readonly grant: ReviewId | undefined;
  /** The approval that the call had used up before it was asked to go on. */
  readonly carried?: ReviewId | undefined;
  /** Whether time has passed since the decision: then it must be made again. */
  readonly waited: boolean;
}

/** How a call may wait for a person's word; a wire that cannot wait has none. */
export interface Hold {
  /** `wished`: the rule's `hold_max`. 0: not at all. */
  max(wished: Millis | undefined): Millis;
  /** Aborted once the client has left. */
  readonly gone: AbortSignal;
  /** The wait begins: the wire may show that the call is not lost. */
  begin(review: Review): void;
  end(): void;
  /**
   * Stores the call itself, to be made once the review was answered: then nobody waits here. False:
   * it is not that kind of call, or it cannot be stored now.
   */
  keep(review: Review): Promise<boolean>;
}

export interface ReviewDesk {
  readonly reviews: ReviewStore;
  readonly awaiting: ReviewAwaiting;
}

type Escalation = Extract<Promising, { kind: "escalate" }>;

/** Answers at once where nobody needs to be asked, so that an allowed call waits for nothing. */
export function review(
  subject: ReviewSubject,
  decision: Promising,
  desk: ReviewDesk,
  hold: Hold | undefined,
): Verdict<Reviewed> | Promise<Verdict<Reviewed>> {
  switch (decision.kind) {
    case "allow":
      return pass({ terms: decision.terms, grant: undefined, waited: false });
    case "escalate":
      return ask(subject, decision, desk, hold);
    default:
      return impossible(decision);
  }
}

async function ask(
  subject: ReviewSubject,
  decision: Escalation,
  { reviews, awaiting }: ReviewDesk,
  hold: Hold | undefined,
): Promise<Verdict<Reviewed>> {
  const { exchange, now: asked } = subject;
  const { terms } = decision;
  const reply = await reviews.request(
    openReview(subject, {
      // One exchange asks at most once, so its id makes the review's: no second source of ids.
      id: id(`rev_${exchange.slice(exchange.indexOf("_") + 1)}`),
      approval: decision.approval,
      rules: decision.because,
      origin: CALL,
    }),
  );
  if (reply.kind === "unreachable") return halt(unavailable(decision, reply.cause));
  if (hold !== undefined && isWaiting(reply.review) && (await hold.keep(reply.review))) {
    return answered(reply.review, { terms, asked, waited: false });
  }
  const max = hold?.max(decision.approval.holdMax) ?? 0;
  if (hold === undefined || max === 0 || !mayStillPass(reply.review)) {
    return answered(reply.review, { terms, asked, waited: false });
  }
  hold.begin(reply.review);
  const settled = await awaiting.settled(reply.review, max, hold.gone);
  hold.end();
  return answered(settled, { terms, asked, waited: true });
}

interface Asked {
  readonly terms: Terms;
  readonly asked: Instant;
  readonly waited: boolean;
}

const CALL = { kind: "call" } as const;

/** What was put off is not waited for. */
function mayStillPass({ status }: Review): boolean {
  return status === "pending" || status === "acknowledged";
}

function unavailable({ because }: Escalation, cause: Error): Refusal {
  return {
    code: "review_unavailable",
    detail: "This call needs a person's approval, and the request for it cannot be stored now.",
    remedy: "Try again later; an operator finds the cause in the gateway's log.",
    rules: because,
    cause,
  };
}

function answered(review: Review, { terms, asked, waited }: Asked): Verdict<Reviewed> {
  switch (review.status) {
    case "approved":
      return pass({ terms, grant: review.id, waited });
    case "denied":
      return halt(denied(review));
    case "deferred":
      return halt(deferred(review));
    case "pending":
    case "acknowledged":
    case "escalated":
      return halt(pending(review, asked));
    case "used":
      return halt(grantGone(review.id));
    case "expired":
      return halt(expired(review));
    default:
      return impossible(review.status);
  }
}

/** Somebody else took the approval between the look at it and the dispatch, or time ran out. */
export function grantGone(review: ReviewId): Refusal {
  return {
    code: "approval_required",
    detail: `Review ${review} is for one call, which was made already, or its time is over.`,
    remedy: "Make the same call again: it will be stored for a new approval.",
    review,
    asksAnew: true,
  };
}

/** Nobody answered in time, or the answer was not used in time. */
function expired({ id: review, rules, expiresAt }: Review): Refusal {
  const since = new Date(expiresAt).toISOString();
  return {
    code: "approval_required",
    detail: `This call needs approval, and the time of review ${review} is over since ${since}.`,
    remedy: "Make the same call again: it will be stored for a new approval.",
    rules,
    review,
    asksAnew: true,
  };
}

/** What a person approved is judged again when it goes out. */
export function grantStale(review: ReviewId): Refusal {
  return {
    code: "approval_required",
    detail: `Policy has changed since review ${review} was asked for: the answer is not for it.`,
    remedy: "Make the same call again: it will be judged by the policy in force.",
    review,
    asksAnew: true,
  };
}

function denied({ id: review, rules, words }: Review): Refusal {
  const said = words.findLast(({ kind }) => kind === "deny")?.note;
  const note = said === undefined ? "" : `: ${said}`;
  return {
    code: "approval_denied",
    detail: `A person has looked at this call and said no (review ${review})${note}`,
    remedy: "Do something else. The same call will be refused until the answer expires.",
    rules,
    review,
  };
}

function deferred({ id: review, rules, expiresAt }: Review): Refusal {
  const until = new Date(expiresAt).toISOString();
  return {
    code: "approval_required",
    detail: `A person has put this call off (review ${review}); it may be answered until ${until}.`,
    remedy: "Do something else first, and ask again later.",
    rules,
    review,
  };
}

function pending(review: Review, asked: Instant): Refusal {
  const approvers = review.approval.approvers.join(", ");
  const who = approvers === "" ? "an operator" : approvers;
  const until = new Date(review.expiresAt).toISOString();
  const waiting = review.createdAt < asked ? "is already waiting" : "has been stored";
  return {
    code: "approval_required",
    detail: `This call needs approval by ${who}. Review ${review.id} ${waiting} and expires ${until}.`,
    remedy: "Tell your user which review is waiting.",
    rules: review.rules,
    review: review.id,
  };
}
