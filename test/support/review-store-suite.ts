/** What every store of reviews must do, whatever it keeps them in. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Review, ReviewWordKind } from "../../src/core/review/review.ts";
import type { ReviewStore } from "../../src/core/review/review-store.ts";
import { assign, attend, speak, use } from "../../src/core/review/speak.ts";
import { overrideFingerprintOf } from "../../src/core/review/fingerprint.ts";
import { id, instant, type Instant, type TenantId } from "../../src/core/units.ts";
import { PENDING_REVIEWS_MAX, REVIEW_CHARS_MAX } from "../../src/stores/review-limits.ts";
import { ReviewWatch } from "../../src/stores/review-watch.ts";
import { millis } from "../../src/core/units.ts";
import { reviewOf, REVIEWS_START } from "./reviews.ts";

const TENANT: TenantId = id("default");
const MINUTE_MS = 60_000;

/** Stores of the same reviews, as different processes have them, under one clock. */
export interface ReviewStores extends AsyncDisposable {
  open(now: () => Instant): Promise<ReviewStore>;
  /** After this none of them can reach what they keep. */
  fail(): Promise<void>;
}

export function reviewStoreSuite(name: string, start: () => Promise<ReviewStores>): void {
  describe(name, () => {
    let stores: ReviewStores;
    let store: ReviewStore;
    let clock: { now: Instant };

    beforeEach(async () => {
      stores = await start();
      clock = { now: REVIEWS_START };
      store = await stores.open(() => clock.now);
    });
    afterEach(() => stores[Symbol.asyncDispose]());

    const other = (): Promise<ReviewStore> => stores.open(() => clock.now);
    const list = (query: { status?: Review["status"]; agent?: string } = {}) =>
      store.list({ tenant: TENANT, limit: 100, ...query });
    const said = (review: Review, kind: ReviewWordKind, by = "ann", successor = "rev_next") => {
      const word = { kind, by, at: clock.now, note: undefined };
      const spoken = speak(review, word, { id: id(successor), approvers: undefined });
      if (spoken.kind === "refused") throw new Error(spoken.why);
      return spoken;
    };
    const approved = async (review: Review): Promise<Review> => {
      await store.request(review);
      const { review: after } = said(review, "approve");
      expect(await store.change(after)).toBe(true);
      return after;
    };

    it("stores a review and lists it by id", async () => {
      expect(await store.request(reviewOf(2))).toEqual({ kind: "stored", review: reviewOf(2) });
      await store.request(reviewOf(1));
      expect(await list()).toEqual([reviewOf(1), reviewOf(2)]);
      expect(await store.list({ tenant: TENANT, limit: 1 })).toEqual([reviewOf(1)]);
      const rest = await store.list({ tenant: TENANT, limit: 9, after: "rev_1" });
      expect(rest).toEqual([reviewOf(2)]);
      expect(await list({ agent: "nobody" })).toEqual([]);
      expect(await store.find(TENANT, "rev_1")).toEqual(reviewOf(1));
      expect(await store.find(TENANT, "rev_9")).toBeUndefined();
    });

    it("shows no tenant another's reviews", async () => {
      await store.request(reviewOf(1));
      expect(await store.find(id("other"), "rev_1")).toBeUndefined();
      expect(await store.list({ tenant: id("other"), limit: 9 })).toEqual([]);
    });

    it("answers the same call with the review that waits, also once somebody looks at it", async () => {
      await store.request(reviewOf(1));
      const again = reviewOf(2, { fingerprint: reviewOf(1).fingerprint });
      expect(await store.request(again)).toEqual({ kind: "stored", review: reviewOf(1) });
      const { review: seen } = said(reviewOf(1), "acknowledge");
      await store.change(seen);
      expect(await store.request(again)).toEqual({ kind: "stored", review: seen });
      expect(await list({ status: "acknowledged" })).toEqual([seen]);
      expect(await list({ status: "pending" })).toEqual([]);
    });

    it("stores one review when many ask for the same call at once, over two processes", async () => {
      const right = await other();
      const asks = Array.from({ length: 40 }, (_one, number) =>
        (number % 2 === 0 ? store : right).request(reviewOf(number, { fingerprint: id("same") })),
      );
      const ids = (await Promise.all(asks)).map((reply) => "review" in reply && reply.review.id);
      expect(new Set(ids).size).toBe(1);
      expect(await list()).toHaveLength(1);
    });

    it("gives the answer to the same call under the same policies only", async () => {
      const yes = await approved(reviewOf(1));
      const { fingerprint } = yes;
      const same = reviewOf(2, { fingerprint });
      expect(await store.request(same)).toEqual({ kind: "stored", review: yes });
      const under = reviewOf(3, { fingerprint, policy: id("q".repeat(64)) });
      expect(await store.request(under)).toEqual({ kind: "stored", review: under });
    });

    it("lets one of many use a grant, over two processes", async () => {
      const yes = await approved(reviewOf(1));
      const used = use(yes, clock.now);
      if (used === undefined) throw new Error("not granted");
      const right = await other();
      const uses = Array.from({ length: 20 }, (_one, number) =>
        (number % 2 === 0 ? store : right).change(used),
      );
      expect((await Promise.all(uses)).filter((won) => won)).toHaveLength(1);
      const again = reviewOf(2, { fingerprint: yes.fingerprint });
      expect(await store.request(again)).toEqual({ kind: "stored", review: again });
    });

    it("keeps the first of two answers", async () => {
      await store.request(reviewOf(1));
      const [yes, no] = [said(reviewOf(1), "approve"), said(reviewOf(1), "deny", "bob")];
      const right = await other();
      const won = await Promise.all([store.change(yes.review), right.change(no.review)]);
      expect(won.filter((one) => one)).toHaveLength(1);
      expect(await store.find(TENANT, "rev_1")).toEqual(won[0] ? yes.review : no.review);
    });

    it("opens the successor with the change that hands a review on, or neither", async () => {
      await store.request(reviewOf(1));
      const { review, opened } = said(reviewOf(1), "escalate");
      expect(await store.change(review, opened)).toBe(true);
      expect(await store.change(review, { ...reviewOf(7), id: id("rev_7") })).toBe(false);
      expect(await store.find(TENANT, "rev_next")).toEqual(opened);
      expect(await store.find(TENANT, "rev_7")).toBeUndefined();
      const again = reviewOf(2, { fingerprint: review.fingerprint });
      expect(await store.request(again)).toEqual({ kind: "stored", review: opened });
    });

    it("takes what waited too long for expired, and stores the call anew", async () => {
      await store.request(reviewOf(1));
      await approved(reviewOf(2));
      clock.now = instant(REVIEWS_START + 15 * MINUTE_MS);
      const expired = (await list({ status: "expired" })).map((review) => review.id);
      expect(expired).toEqual(["rev_1", "rev_2"]);
      const fresh = reviewOf(3, {
        fingerprint: reviewOf(1).fingerprint,
        createdAt: clock.now,
        expiresAt: instant(clock.now + MINUTE_MS),
      });
      expect(await store.request(fresh)).toEqual({ kind: "stored", review: fresh });
      expect(await list({ status: "pending" })).toEqual([fresh]);
    });

    it("finds the override of a call while it stands", async () => {
      const fingerprint = overrideFingerprintOf(reviewOf(1).principal, reviewOf(1).action);
      const override = reviewOf(1, {
        id: id("ovr_1"),
        status: "approved",
        fingerprint,
        origin: {
          kind: "override",
          by: "ann",
          of: "exc_9",
          type: "risk_accepted",
          justification: "",
        },
      });
      expect(await store.override(TENANT, fingerprint)).toBeUndefined();
      await store.request(override);
      expect(await store.override(TENANT, fingerprint)).toEqual(override);
      expect(await store.override(id("other"), fingerprint)).toBeUndefined();
      clock.now = override.expiresAt;
      expect(await store.override(TENANT, fingerprint)).toBeUndefined();
    });

    it("names what has to be told, until it was", async () => {
      await store.request(reviewOf(1));
      const later = { createdAt: instant(REVIEWS_START + 5), attendAt: instant(REVIEWS_START + 5) };
      await store.request(reviewOf(2, later));
      expect(await store.unattended(REVIEWS_START, 9)).toEqual([reviewOf(1)]);
      const { after } = attend(reviewOf(1), REVIEWS_START);
      await store.change(after);
      expect(await store.unattended(instant(REVIEWS_START + 5), 9)).toEqual([reviewOf(2, later)]);
      expect(await store.unattended(after.expiresAt, 9)).toHaveLength(2);
    });

    it("is the same for whoever opens it next", async () => {
      await store.request(reviewOf(1));
      const seen = assign(reviewOf(1), ["ann"]);
      await store.change(seen);
      expect(await (await other()).find(TENANT, "rev_1")).toEqual(seen);
    });

    it("lets one agent have no more than its share waiting", async () => {
      for (let number = 0; number < PENDING_REVIEWS_MAX; number += 1) {
        expect(await store.request(reviewOf(number))).toMatchObject({ kind: "stored" });
      }
      expect(await store.request(reviewOf(-1))).toMatchObject({
        kind: "unreachable",
        cause: { message: `${PENDING_REVIEWS_MAX} reviews of bot wait already` },
      });
      const principal = { ...reviewOf(0).principal, agent: id<never>("other") };
      expect(await store.request(reviewOf(-2, { principal }))).toMatchObject({ kind: "stored" });
      await store.change(said(reviewOf(0), "deny").review);
      expect(await store.request(reviewOf(-3))).toMatchObject({ kind: "stored" });
    });

    it("does not store what no person could read", async () => {
      const { action } = reviewOf(0);
      const args = { text: "x".repeat(REVIEW_CHARS_MAX) };
      const huge = reviewOf(1, { action: { ...action, args } as Review["action"] });
      expect(await store.request(huge)).toMatchObject({
        kind: "unreachable",
        cause: { message: expect.stringContaining("too large to be reviewed") },
      });
    });

    it("tells a watcher of another process's answer, once and not after it left", async () => {
      await store.request(reviewOf(1));
      using watch = new ReviewWatch(store, () => clock.now);
      const settled = watch.settled(reviewOf(1), millis(20_000), new AbortController().signal);
      const right = await other();
      const yes = said(reviewOf(1), "approve").review;
      await right.change(yes);
      expect(await settled).toEqual(yes);
    });

    it("says that it cannot be reached instead of throwing at a call", async () => {
      await stores.fail();
      expect(await store.request(reviewOf(1))).toMatchObject({ kind: "unreachable" });
    });
  });
}
