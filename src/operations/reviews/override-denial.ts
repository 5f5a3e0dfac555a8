/** A person sets a denial by policy aside for a while; the denial itself stays on the record. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { openOverride, type ReviewSubject } from "../../core/review/open-review.ts";
import type { Review } from "../../core/review/review.ts";
import { withdraw } from "../../core/review/speak.ts";
import { id, type Millis } from "../../core/units.ts";
import { newId } from "../../lib/ids.ts";
import { applyChange, type Applied } from "./apply-change.ts";
import { changeReviews, type ReviewPorts } from "./change-reviews.ts";
import { personOf } from "./may-answer.ts";

/** Less than that says nothing to whoever audits it. */
export const JUSTIFICATION_CHARS_MIN = 20;

export const OVERRIDE_TYPES = [
  "emergency_bypass",
  "executive_override",
  "time_limited_exception",
  "risk_accepted",
] as const;

export interface OverrideWish {
  readonly subject: ReviewSubject;
  readonly type: (typeof OVERRIDE_TYPES)[number];
  /** The decision that is set aside: an exchange, or a name from elsewhere. */
  readonly of: string;
  readonly justification: string;
  readonly expires: Millis;
}

export async function overrideDenial(
  caller: Caller,
  { subject, type, of, justification, expires }: OverrideWish,
  ports: ReviewPorts,
): Promise<Answer<Review>> {
  const by = personOf(caller);
  const { agent, user } = subject.principal;
  if (caller.agent === agent || by === user) {
    return fault("forbidden", "Nobody sets aside what was denied to themselves.");
  }
  if (justification.trim().length < JUSTIFICATION_CHARS_MIN) {
    const detail = `Say in ${JUSTIFICATION_CHARS_MIN} characters or more why.`;
    return fault("invalid", detail, { pointer: "/justification" });
  }
  const review = openOverride(subject, {
    id: id(newId("ovr", subject.now)),
    approval: { approvers: [], expires },
    rules: [],
    origin: { kind: "override", by, of, type, justification },
  });
  const detail = { agent, of, type, justification, expires_at: review.expiresAt };
  const change = { change: "override.created", about: review.id, by, detail };
  const stored = async (): Promise<Review> => {
    const reply = await ports.reviews.request(review);
    if (reply.kind === "unreachable") throw reply.cause;
    return reply.review;
  };
  return changeReviews(change, review.principal.tenant, stored, ports);
}

export async function withdrawOverride(
  caller: Caller,
  overrideId: string,
  ports: ReviewPorts,
): Promise<Answer<Review>> {
  const review = await ports.reviews.find(caller.tenant, overrideId);
  if (review?.origin.kind !== "override") {
    return fault("not_found", "There is no such override.");
  }
  const make = (standing: Review): Applied | undefined => {
    const after = withdraw(standing, ports.now());
    return after && { review: after };
  };
  if (make(review) === undefined) return fault("conflict", "This override has ended already.");
  const detail = { agent: review.principal.agent, of: review.origin.of };
  const by = personOf(caller);
  const change = { change: "override.withdrawn", about: review.id, by, detail };
  const write = (): Promise<Applied | undefined> => applyChange(review, make, ports.reviews);
  const written = await changeReviews(change, caller.tenant, write, ports);
  return written.kind === "fault" ? written : done(written.value.review);
}
