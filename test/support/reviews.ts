import type { Review } from "../../src/core/review/review.ts";
import { openReview } from "../../src/core/review/open-review.ts";
import { id, instant, millis } from "../../src/core/units.ts";

export const REVIEWS_START = instant(1_800_000_000_000);

/** A review like those of calls, of which each has a fingerprint of its own. */
export function reviewOf(number: number, change: Partial<Review> = {}): Review {
  const review = openReview(
    {
      exchange: id(`exc_${number}`),
      now: REVIEWS_START,
      principal: {
        agent: id("bot"),
        tenant: id("default"),
        session: id("run-7"),
        team: undefined,
        user: undefined,
        run: undefined,
        tags: {},
        provenBy: "api_key",
      },
      action: { kind: "tool", upstream: id("crm"), tool: "delete_user", args: { user: number } },
      policy: id("p".repeat(64)),
    },
    {
      id: id(`rev_${number}`),
      approval: { approvers: ["role:auditor"], expires: millis(900_000) },
      rules: [id("crm-delete")],
      origin: { kind: "call" },
    },
  );
  return { ...review, ...change };
}
