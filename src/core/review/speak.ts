/** What becomes of a review when a person speaks, time passes or a call uses it: pure. */
import { impossible } from "../../lib/impossible.ts";
import { instant, type Instant, type ReviewId } from "../units.ts";
import { nextHigher, SLA, type ReviewPriority } from "./priority.ts";
import { isWaiting, type Review, type ReviewNews, type ReviewWord } from "./review.ts";

export type Spoken =
  /** `opened`: the successor of a review that was handed on. */
  | { readonly kind: "changed"; readonly review: Review; readonly opened: Review | undefined }
  | { readonly kind: "refused"; readonly why: string };

/** Who a review is handed on to; without approvers, the rule's `escalate_to`, else administrators. */
export interface Succession {
  readonly id: ReviewId;
  readonly approvers: readonly string[] | undefined;
}

/** Undefined while it waits for a person. */
export function whyOver({ status, expiresAt, successor }: Review, at: Instant): string | undefined {
  if (successor !== undefined) return `This review was handed on: answer ${successor}.`;
  if (!isWaiting({ status })) return `This review is ${status} already.`;
  return expiresAt <= at ? "This review is expired already." : undefined;
}

/** Whether `word.by` may speak at all is the caller's question; here it is what the word does. */
export function speak(review: Review, word: ReviewWord, succession: Succession): Spoken {
  const { status, words } = review;
  const over = whyOver(review, word.at);
  if (over !== undefined) return { kind: "refused", why: over };
  const after = next(review, { words: [...words, word] });
  switch (word.kind) {
    case "acknowledge":
      if (status === "acknowledged" && words.at(-1)?.by === word.by) {
        return { kind: "refused", why: "You have acknowledged it already." };
      }
      return changed({ ...after, status: "acknowledged" });
    case "defer":
      return changed({ ...after, status: "deferred" });
    case "deny":
      return changed({ ...after, status: "denied", attendAt: word.at });
    case "approve":
      return approve(review, word, after);
    case "escalate":
      return escalate(review, word, after, succession);
    default:
      return impossible(word.kind);
  }
}

/** Four eyes: each approver counts once. */
function approve(review: Review, word: ReviewWord, after: Review): Spoken {
  const before = approversOf(review);
  if (before.includes(word.by)) {
    return { kind: "refused", why: "You have approved it already; somebody else must, too." };
  }
  const { count = 1, expires } = review.approval;
  if (before.length + 1 < count) return changed({ ...after, status: "acknowledged" });
  // The agent gets as long for its call as the person had for the answer.
  const expiresAt = instant(word.at + expires);
  return changed({ ...after, status: "approved", expiresAt, attendAt: word.at });
}

export function approversOf({ words }: Review): readonly string[] {
  return words.flatMap(({ kind, by }) => (kind === "approve" ? by : []));
}

function escalate(
  review: Review,
  word: ReviewWord,
  after: Review,
  { id, approvers }: Succession,
): Spoken {
  const { approval } = review;
  const escalateTo = approvers ?? approval.escalateTo ?? ADMINISTRATORS;
  const priority = nextHigher(review.priority);
  const expiresAt = instant(word.at + approval.expires);
  const opened: Review = {
    ...review,
    id,
    revision: 1,
    origin: { kind: "escalation", of: review.id },
    // Whoever hands it on does so once: the next who does must say to whom.
    approval: { ...approval, approvers: escalateTo, escalateTo: undefined },
    priority,
    createdAt: word.at,
    dueAt: dueAt(word.at, priority, expiresAt, undefined),
    expiresAt,
    status: "pending",
    assignedTo: [],
    words: [],
    attendAt: word.at,
    told: undefined,
  };
  const left: Review = { ...after, status: "escalated", successor: id, attendAt: undefined };
  return { kind: "changed", review: left, opened };
}

const ADMINISTRATORS: readonly string[] = Object.freeze(["role:admin"]);

export function dueAt(
  from: Instant,
  priority: ReviewPriority,
  expiresAt: Instant,
  sla: number | undefined,
): Instant {
  return instant(Math.min(from + (sla ?? SLA[priority]), expiresAt));
}

/** The grant is gone with one call; an override stands until it expires. Undefined: there is none. */
export function use(review: Review, now: Instant): Review | undefined {
  if (review.status !== "approved" || review.expiresAt <= now) return undefined;
  return review.origin.kind === "override" ? review : next(review, { status: "used" });
}

/** Takes a grant or a question back. Undefined: there is none any more. */
export function withdraw(review: Review, now: Instant): Review | undefined {
  const stands = review.status === "approved" || isWaiting(review);
  if (!stands || review.expiresAt <= now) return undefined;
  return next(review, { status: "expired", expiresAt: now, attendAt: undefined });
}

export function assign(review: Review, assignedTo: readonly string[]): Review {
  return next(review, { assignedTo });
}

/** A review whose time is over says so, whatever was written down. */
export function asOf(review: Review, now: Instant): Review {
  const mayExpire = isWaiting(review) || review.status === "approved";
  return mayExpire && review.expiresAt <= now ? { ...review, status: "expired" } : review;
}

/** What is to be told of a review now, and what it is once that was told. */
export function attend(
  review: Review,
  now: Instant,
): { readonly news: ReviewNews | undefined; readonly after: Review } {
  const { told, dueAt: due, expiresAt, status } = review;
  const over = expiresAt <= now;
  if (status === "approved" || status === "denied") {
    // A grant that nobody used is written down as expired, without a word.
    const isGrant = status === "approved";
    const attendAt = isGrant && !over ? expiresAt : undefined;
    const after = next(review, { told: "decided", attendAt, ...(isGrant && over && EXPIRED) });
    return { news: told === "decided" ? undefined : "decided", after };
  }
  if (status === "used") {
    const news = told === "decided" ? undefined : "decided";
    return { news, after: next(review, { told: "decided", attendAt: undefined }) };
  }
  if (over) return { news: "expired", after: next(review, { ...EXPIRED, told: "expired" }) };
  if (told === undefined) {
    return { news: "requested", after: next(review, { told: "requested", attendAt: due }) };
  }
  if (told === "requested" && due <= now) {
    return { news: "overdue", after: next(review, { told: "overdue", attendAt: expiresAt }) };
  }
  const attendAt = told === "requested" ? due : expiresAt;
  return { news: undefined, after: next(review, { attendAt }) };
}

const EXPIRED = { status: "expired", attendAt: undefined } as const;

/** Somebody is telling it: others look away for so long, and again if nothing came of it. */
export function claim(review: Review, until: Instant): Review {
  return next(review, { attendAt: until });
}

function next(review: Review, change: Partial<Review>): Review {
  return { ...review, ...change, revision: review.revision + 1 };
}

function changed(review: Review): Spoken {
  return { kind: "changed", review, opened: undefined };
}
