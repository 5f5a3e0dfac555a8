import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Review } from "../../src/core/review/review.ts";
import { id, instant, millis } from "../../src/core/units.ts";
import {
  PENDING_REVIEWS_MAX,
  REVIEW_CHARS_MAX,
  SqliteReviewStore,
} from "../../src/stores/sqlite/review-store.ts";

const START = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const open: SqliteReviewStore[] = [];

afterEach(() => {
  for (const store of open.splice(0)) store[Symbol.dispose]();
});

const newPath = () => join(mkdtempSync(join(tmpdir(), "sallyport-reviews-")), "reviews.db");

function storeAt(path: string, clock = { now: START }): SqliteReviewStore {
  const store = new SqliteReviewStore(path, () => instant(clock.now));
  open.push(store);
  return store;
}

function review(number: number, change: Partial<Review> = {}): Review {
  return {
    id: id(`rev_${number}`),
    exchange: id(`exc_${number}`),
    principal: {
      agent: id("bot"),
      tenant: id("default"),
      session: id("s"),
      team: undefined,
      user: undefined,
      run: undefined,
      tags: {},
      provenBy: "api_key",
    },
    action: { kind: "tool", upstream: id("crm"), tool: "crm.delete_user", args: { user: number } },
    fingerprint: id(`fingerprint-${number}`),
    rules: [id("crm-delete")],
    approval: { approvers: ["role:manager"], expires: millis(15 * MINUTE_MS) },
    policy: id("policy"),
    createdAt: instant(START),
    expiresAt: instant(START + 15 * MINUTE_MS),
    status: "pending",
    ...change,
  };
}

describe("SqliteReviewStore", () => {
  it("stores a review and lists it, oldest first", async () => {
    const store = storeAt(newPath());
    const later = review(1, { createdAt: instant(START + 1) });
    expect(await store.request(later)).toEqual({ kind: "stored", review: later });
    await store.request(review(2));
    expect(await store.pending(10)).toEqual([review(2), later]);
    expect(await store.pending(1)).toEqual([review(2)]);
  });

  it("answers the same call with the review that already waits", async () => {
    const store = storeAt(newPath());
    await store.request(review(1));
    const again = review(2, { fingerprint: review(1).fingerprint });
    expect(await store.request(again)).toEqual({ kind: "stored", review: review(1) });
    expect(await store.pending(10)).toHaveLength(1);
  });

  it("stores one review when many ask for the same call at once, over two connections", async () => {
    const path = newPath();
    const [left, right] = [storeAt(path), storeAt(path)];
    const asks = Array.from({ length: 40 }, (_one, number) =>
      (number % 2 === 0 ? left : right).request(review(number, { fingerprint: id("same") })),
    );
    const ids = new Set(
      (await Promise.all(asks)).map((reply) => "review" in reply && reply.review.id),
    );
    expect(ids.size).toBe(1);
  });

  it("stores a new review once the old one has expired", async () => {
    const clock = { now: START };
    const store = storeAt(newPath(), clock);
    await store.request(review(1));
    clock.now = START + 15 * MINUTE_MS;
    expect(await store.pending(10)).toEqual([]);
    const fresh = review(2, {
      fingerprint: review(1).fingerprint,
      createdAt: instant(clock.now),
      expiresAt: instant(clock.now + MINUTE_MS),
    });
    expect(await store.request(fresh)).toEqual({ kind: "stored", review: fresh });
    expect(await store.pending(10)).toEqual([fresh]);
  });

  it("remembers across a restart", async () => {
    const path = newPath();
    await storeAt(path).request(review(1));
    expect(await storeAt(path).pending(10)).toEqual([review(1)]);
  });

  it("lets one agent have no more than its share waiting", async () => {
    const store = storeAt(newPath());
    for (let number = 0; number < PENDING_REVIEWS_MAX; number += 1) {
      expect(await store.request(review(number))).toMatchObject({ kind: "stored" });
    }
    expect(await store.request(review(-1))).toMatchObject({
      kind: "unreachable",
      cause: { message: `${PENDING_REVIEWS_MAX} reviews of bot wait already` },
    });
    const principal = { ...review(0).principal, agent: id<never>("other") };
    expect(await store.request(review(-2, { principal }))).toMatchObject({ kind: "stored" });
  });

  it("does not store what no person could read", async () => {
    const action = {
      ...review(0).action,
      args: { text: "x".repeat(REVIEW_CHARS_MAX) },
    } as Review["action"];
    expect(await storeAt(newPath()).request(review(1, { action }))).toMatchObject({
      kind: "unreachable",
      cause: { message: expect.stringContaining("too large to be reviewed") },
    });
  });

  it("says that it cannot be reached instead of throwing", async () => {
    const store = new SqliteReviewStore(newPath(), () => instant(START));
    store[Symbol.dispose]();
    expect(await store.request(review(1))).toMatchObject({ kind: "unreachable" });
  });
});
