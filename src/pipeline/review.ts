/**
 * Stage 6 of 11. A call that a rule wants a person to see is stored and refused for now; the same
 * call asked again meets the review that is already waiting, or the person's answer.
 */
import type { Action } from "../core/action.ts";
import type { Terms } from "../core/decision.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Review, ReviewStore } from "../core/review/review.ts";
import {
  id,
  instant,
  type DefinitionHash,
  type Digest,
  type ExchangeId,
  type Instant,
  type ReviewId,
} from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { digestOf } from "../lib/canonical-json.ts";
import { impossible } from "../lib/impossible.ts";
import type { Promising } from "./decide.ts";

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

export interface Reviewed {
  readonly terms: Terms;
  /** The approval that this call will use up when it is dispatched. */
  readonly grant: ReviewId | undefined;
}

/** Answers at once where nobody needs to be asked, so that an allowed call waits for nothing. */
export function review(
  subject: ReviewSubject,
  decision: Promising,
  store: ReviewStore,
): Verdict<Reviewed> | Promise<Verdict<Reviewed>> {
  switch (decision.kind) {
    case "allow":
      return pass({ terms: decision.terms, grant: undefined });
    case "escalate":
      return ask(subject, decision, store);
    default:
      return impossible(decision);
  }
}

async function ask(
  subject: ReviewSubject,
  decision: Extract<Promising, { kind: "escalate" }>,
  store: ReviewStore,
): Promise<Verdict<Reviewed>> {
  const reply = await store.request(reviewOf(subject, decision));
  switch (reply.kind) {
    case "stored":
      return answered(reply.review, decision.terms, subject.now);
    case "unreachable":
      return halt({
        code: "review_unavailable",
        detail: "This call needs a person's approval, and the request for it cannot be stored now.",
        remedy: "Try again later; an operator finds the cause in the gateway's log.",
        rules: decision.because,
        cause: reply.cause,
      });
    default:
      return impossible(reply);
  }
}

function answered(review: Review, terms: Terms, now: Instant): Verdict<Reviewed> {
  switch (review.status) {
    case "approved":
      return pass({ terms, grant: review.id });
    case "denied":
      return halt(denied(review));
    case "pending":
    case "used":
    case "expired":
      return halt(pending(review, now));
    default:
      return impossible(review.status);
  }
}

/** Somebody else took the approval between the look at it and the dispatch, or it ran out. */
export function grantGone(review: ReviewId): Refusal {
  return {
    code: "approval_required",
    detail: `Review ${review} allowed one call, which was made already, or its time is over.`,
    remedy: "Ask again: the same call will be stored for a new approval.",
    review,
  };
}

function denied({ id: review, rules, answer }: Review): Refusal {
  const note = answer?.note === undefined ? "" : `: ${answer.note}`;
  return {
    code: "approval_denied",
    detail: `A person has looked at this call and said no (review ${review})${note}`,
    remedy: "Do something else. The same call will be refused until the answer expires.",
    rules,
    review,
  };
}

function reviewOf(
  subject: ReviewSubject,
  decision: Extract<Promising, { kind: "escalate" }>,
): Review {
  const { exchange, now, principal, action, definition, policy } = subject;
  return {
    // One exchange asks at most once, so its id makes the review's: no second source of ids.
    id: id(`rev_${exchange.slice(exchange.indexOf("_") + 1)}`),
    exchange,
    principal,
    action,
    fingerprint: fingerprintOf(principal, action, definition),
    rules: decision.because,
    approval: decision.approval,
    policy,
    createdAt: now,
    expiresAt: instant(now + decision.approval.expires),
    status: "pending",
  };
}

/** How the agent proved itself is left out: the same agent asks the same, by key or by loopback. */
function fingerprintOf(
  principal: Principal,
  action: Action,
  definition: DefinitionHash | undefined,
): Digest {
  const { tenant, agent, session } = principal;
  return digestOf({ tenant, agent, session, action, definition });
}

function pending(review: Review, now: Instant): Refusal {
  const approvers = review.approval.approvers.join(", ");
  const who = approvers === "" ? "an operator" : approvers;
  const until = new Date(review.expiresAt).toISOString();
  const waiting = review.createdAt < now ? "is already waiting" : "has been stored";
  return {
    code: "approval_required",
    detail: `This call needs approval by ${who}. Review ${review.id} ${waiting} and expires ${until}.`,
    remedy: "Do not retry until it is approved. Tell your user which review is waiting.",
    rules: review.rules,
    review: review.id,
  };
}
