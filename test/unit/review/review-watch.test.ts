import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ReviewStore } from "../../../src/core/review/review-store.ts";
import { instant, millis } from "../../../src/core/units.ts";
import { ReviewWatch } from "../../../src/stores/review-watch.ts";
import { reviewOf, REVIEWS_START } from "../../support/reviews.ts";

/** Nobody answers, and it says nothing of time. */
const SILENT: ReviewStore = {
  request: (review) => Promise.resolve({ kind: "stored", review }),
  find: async () => undefined,
  list: async () => [],
  change: async () => false,
  override: async () => undefined,
  unattended: async () => [],
  watch: () => ({ [Symbol.dispose]: () => undefined }),
};
const HERE = new AbortController().signal;

describe("a wait for a person's word", () => {
  beforeEach(() => void vi.useFakeTimers({ now: REVIEWS_START }));
  afterEach(() => void vi.useRealTimers());

  const wait = async (max: number) => {
    using watch = new ReviewWatch(SILENT, () => instant(REVIEWS_START));
    const review = reviewOf(1, { expiresAt: instant(REVIEWS_START + 500) });
    const settled = watch.settled(review, millis(max), HERE);
    await vi.advanceTimersByTimeAsync(1_000);
    return await settled;
  };

  it("ends as expired where the review's time is over first", async () => {
    expect(await wait(60_000)).toMatchObject({ id: "rev_1", status: "expired" });
  });

  it("ends as it stands where the call's time is over first", async () => {
    expect(await wait(499)).toMatchObject({ id: "rev_1", status: "pending" });
  });
});
