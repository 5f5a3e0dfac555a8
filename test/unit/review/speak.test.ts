import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isWaiting,
  REVIEW_WORDS,
  type Review,
  type ReviewWordKind,
} from "../../../src/core/review/review.ts";
import { approversOf, asOf, attend, speak, use, withdraw } from "../../../src/core/review/speak.ts";
import { uniteApprovals } from "../../../src/core/policy/unite-approvals.ts";
import { id, instant, millis, type ReviewId } from "../../../src/core/units.ts";
import { reviewOf, REVIEWS_START } from "../../support/reviews.ts";

const NEXT: ReviewId = id("rev_next");
const at = (ms: number) => instant(REVIEWS_START + ms);

function say(review: Review, kind: ReviewWordKind, by: string, ms = 1) {
  const word = { kind, by, at: at(ms), note: undefined };
  return speak(review, word, { id: NEXT, approvers: undefined });
}

function said(review: Review, kind: ReviewWordKind, by: string, ms = 1): Review {
  const spoken = say(review, kind, by, ms);
  if (spoken.kind === "refused") throw new Error(spoken.why);
  return spoken.review;
}

const needing = (count: number): Review =>
  reviewOf(1, { approval: { approvers: [], expires: millis(900_000), count } });

describe("speak", () => {
  it("makes a grant of an approval, good for as long as the answer had", () => {
    const approved = said(reviewOf(1), "approve", "ann", 60_000);
    expect(approved).toMatchObject({
      status: "approved",
      expiresAt: REVIEWS_START + 960_000,
      revision: 2,
      words: [{ kind: "approve", by: "ann" }],
    });
  });

  it("approves with the last of as many different people as are wanted, never before", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom("ann", "bob", "cid", "dan"), { maxLength: 12 }),
        (count, people) => {
          let review = needing(count);
          for (const by of people) {
            const spoken = say(review, "approve", by);
            if (spoken.kind === "changed") review = spoken.review;
          }
          const different = new Set(people).size;
          expect(review.status === "approved").toBe(different >= count);
          expect(new Set(approversOf(review)).size).toBe(approversOf(review).length);
        },
      ),
    );
  });

  it("hears nobody once it is answered or over, and each change counts one", () => {
    const words = fc.array(
      fc.tuple(fc.constantFrom(...REVIEW_WORDS), fc.constantFrom("ann", "bob"), fc.nat(1_000_000)),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(words, (spoken) => {
        let review = needing(2);
        for (const [kind, by, ms] of spoken) {
          const before = review;
          const reply = say(before, kind, by, ms);
          if (!isWaiting(before) || before.expiresAt <= at(ms)) {
            expect(reply.kind).toBe("refused");
          }
          if (reply.kind === "refused") continue;
          review = reply.review;
          expect(review.revision).toBe(before.revision + 1);
          expect(review.words).toHaveLength(before.words.length + 1);
        }
      }),
    );
  });

  it("hands on to whom the rule names, else to administrators, one priority higher", () => {
    const asked = reviewOf(1, {
      approval: { approvers: ["role:viewer"], expires: millis(900_000), escalateTo: ["ann"] },
    });
    expect(say(asked, "escalate", "bob")).toMatchObject({
      review: { status: "escalated", successor: NEXT },
      opened: { id: NEXT, status: "pending", priority: "high", approval: { approvers: ["ann"] } },
    });
    expect(say(reviewOf(1), "escalate", "bob")).toMatchObject({
      opened: { approval: { approvers: ["role:admin"] } },
    });
  });

  it("may be answered after it was put off", () => {
    const deferred = said(reviewOf(1), "defer", "ann");
    expect(said(deferred, "deny", "ann", 2).status).toBe("denied");
  });
});

describe("a grant", () => {
  const granted = said(reviewOf(1), "approve", "ann");

  it("is used once, by its end", () => {
    const used = use(granted, at(5));
    expect(used?.status).toBe("used");
    expect(used && use(used, at(5))).toBeUndefined();
    expect(use(granted, granted.expiresAt)).toBeUndefined();
    expect(use(reviewOf(1), at(0))).toBeUndefined();
    expect(asOf(granted, granted.expiresAt).status).toBe("expired");
  });

  it("by override stands until it expires or is withdrawn", () => {
    const origin = { kind: "override", by: "ann", of: "x", type: "t", justification: "" } as const;
    const override: Review = { ...granted, origin };
    expect(use(override, at(5))).toBe(override);
    const gone = withdraw(override, at(6));
    expect(gone && use(gone, at(6))).toBeUndefined();
    expect(gone && withdraw(gone, at(7))).toBeUndefined();
  });
});

describe("what is told of a review", () => {
  it("is told once each: that it was asked, that it is late, that it is over", () => {
    const review = reviewOf(1, { dueAt: at(1_000) });
    const asked = attend(review, at(0));
    expect(asked).toMatchObject({ news: "requested", after: { attendAt: at(1_000) } });
    const late = attend(asked.after, at(1_000));
    expect(late).toMatchObject({ news: "overdue", after: { attendAt: review.expiresAt } });
    const over = attend(late.after, review.expiresAt);
    expect(over).toMatchObject({ news: "expired", after: { status: "expired" } });
    expect(over.after.attendAt).toBeUndefined();
  });

  it("says once that it was decided, and ends an unused grant without a word", () => {
    const granted = said(reviewOf(1), "approve", "ann");
    const told = attend(granted, at(2));
    expect(told).toMatchObject({ news: "decided", after: { attendAt: granted.expiresAt } });
    const ended = attend(told.after, granted.expiresAt);
    expect(ended.news).toBeUndefined();
    expect(ended.after.status).toBe("expired");
    const denied = attend(said(reviewOf(1), "deny", "ann"), at(2));
    expect(denied).toMatchObject({ news: "decided", after: { status: "denied" } });
    expect(denied.after.attendAt).toBeUndefined();
  });
});

describe("the approval of several rules", () => {
  it("is everything that each of them wants", () => {
    const united = uniteApprovals([
      { approvers: ["ann", "bob"], expires: millis(9), count: 2, priority: "low", sla: millis(4) },
      { approvers: ["bob"], expires: millis(5), priority: "high", holdMax: millis(3) },
      { approvers: [], expires: millis(7), escalateTo: ["cid"] },
    ]);
    expect(united).toEqual({
      approvers: ["bob"],
      expires: 5,
      count: 2,
      priority: "high",
      sla: 4,
      escalateTo: ["cid"],
      holdMax: 3,
    });
  });

  it("is nobody's where the rules name different people", () => {
    const [ann, bob] = ["ann", "bob"].map((name) => ({ approvers: [name], expires: millis(9) }));
    if (ann === undefined || bob === undefined) throw new Error("two");
    expect(uniteApprovals([ann, bob])).toBeUndefined();
  });
});
