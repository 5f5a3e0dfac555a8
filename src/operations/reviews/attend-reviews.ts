/** What is told of reviews, and what becomes of those that nobody answers in time. */
import { changeOfTenant } from "../../core/ledger/change-of-tenant.ts";
import type { Change } from "../../core/ledger/entry.ts";
import type { Review, ReviewNews } from "../../core/review/review.ts";
import { attend, claim, speak } from "../../core/review/speak.ts";
import { id, instant } from "../../core/units.ts";
import { newId } from "../../lib/ids.ts";
import type { ReviewPorts } from "./change-reviews.ts";

/** Reviews of one round. */
const ATTENDED_MAX = 100;
/** Whoever said that it tells somebody, and did not by then, has died. */
const CLAIM_MS = 30_000;

export interface AttendingPorts extends ReviewPorts {
  tell(review: Review, news: ReviewNews): void;
}

/** One round. Each review is attended by one process of all; rejects where the store is away. */
export async function attendReviews(ports: AttendingPorts): Promise<void> {
  const now = ports.now();
  for (const review of await ports.reviews.unattended(now, ATTENDED_MAX)) {
    const claimed = claim(review, instant(now + CLAIM_MS));
    if (await ports.reviews.change(claimed)) await attendOne(claimed, ports);
  }
}

async function attendOne(review: Review, ports: AttendingPorts): Promise<void> {
  const { news, after } = attend(review, ports.now());
  if (news !== undefined) ports.tell(review, news);
  if (news === "overdue" && (await handOn(review, ports))) return;
  if (news === "expired") await record(review, "review.expired", ports);
  await ports.reviews.change(after);
}

/** Where the rule names somebody else to ask, nobody has to think of it. */
async function handOn(review: Review, ports: AttendingPorts): Promise<boolean> {
  if (review.approval.escalateTo === undefined) return false;
  const at = ports.now();
  const word = { kind: "escalate", by: SALLYPORT, at, note: "nobody answered in time" } as const;
  const spoken = speak(review, word, { id: id(newId("rev", at)), approvers: undefined });
  if (spoken.kind === "refused" || spoken.opened === undefined) return false;
  await record(review, "review.escalated", ports, { successor: spoken.opened.id });
  return ports.reviews.change(spoken.review, spoken.opened);
}

const SALLYPORT = "sallyport";

async function record(
  { id: about, principal, exchange }: Review,
  change: string,
  { ledger }: AttendingPorts,
  more: Change["detail"] = {},
): Promise<void> {
  const detail = { agent: principal.agent, exchange, ...more };
  const said = { change, about, by: SALLYPORT, detail };
  await ledger.change(changeOfTenant(said, principal.tenant));
}
