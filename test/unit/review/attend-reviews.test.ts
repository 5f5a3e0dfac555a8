import { join } from "node:path";
import { expect, it } from "vitest";
import type { Change } from "../../../src/core/ledger/entry.ts";
import { id, instant, millis, type Instant } from "../../../src/core/units.ts";
import { attendReviews } from "../../../src/operations/reviews/attend-reviews.ts";
import { SqliteReviewStore } from "../../../src/stores/sqlite/review-store.ts";
import { reviewOf, REVIEWS_START } from "../../support/reviews.ts";
import { newDirectory } from "../../support/new-directory.ts";

function office() {
  const clock: { now: Instant } = { now: REVIEWS_START };
  const now = (): Instant => clock.now;
  const path = join(newDirectory(), "reviews.db");
  const reviews = new SqliteReviewStore(path, now);
  const told: string[] = [];
  const changes: string[] = [];
  const details: unknown[] = [];
  const ledger = {
    healthy: true,
    change: async ({ change, detail }: Change) =>
      changes.push(change) === details.push(detail["tenant"]),
  };
  const ports = {
    reviews,
    ledger,
    now,
    tell: (review: { readonly id: string }, news: string) => void told.push(`${review.id} ${news}`),
  };
  return { clock, told, changes, details, reviews, ports, rounds: () => attendReviews(ports) };
}

it("tells once of what is asked, late and over, among processes that look at the same time", async () => {
  const { clock, told, changes, reviews, rounds } = office();
  await reviews.request(reviewOf(1, { dueAt: instant(REVIEWS_START + 1_000) }));
  await Promise.all([rounds(), rounds(), rounds()]);
  clock.now = instant(REVIEWS_START + 1_000);
  await Promise.all([rounds(), rounds()]);
  clock.now = instant(REVIEWS_START + 900_000);
  await Promise.all([rounds(), rounds()]);
  expect(told).toEqual(["rev_1 requested", "rev_1 overdue", "rev_1 expired"]);
  expect(changes).toEqual(["review.expired"]);
});

it("hands on what is late to whom the rule names", async () => {
  const { clock, told, changes, reviews, rounds } = office();
  const approval = { approvers: ["bob"], expires: millis(900_000), escalateTo: ["ann"] };
  await reviews.request(reviewOf(1, { approval, dueAt: instant(REVIEWS_START + 1_000) }));
  await rounds();
  clock.now = instant(REVIEWS_START + 1_000);
  await rounds();
  await rounds();
  const tenant = reviewOf(1).principal.tenant;
  const late = await reviews.find(tenant, "rev_1");
  const [next] = await reviews.list({ tenant, status: "pending", limit: 9 });
  expect(late).toMatchObject({ status: "escalated", successor: next?.id });
  expect(next).toMatchObject({ status: "pending", approval: { approvers: ["ann"] } });
  expect(told).toEqual(["rev_1 requested", "rev_1 overdue", `${next?.id} requested`]);
  expect(changes).toEqual(["review.escalated"]);
});

it("records under the tenant whose review it is", async () => {
  const { clock, details, reviews, rounds } = office();
  const { principal } = reviewOf(1);
  await reviews.request(reviewOf(1));
  await reviews.request(reviewOf(2, { principal: { ...principal, tenant: id("acme") } }));
  clock.now = instant(REVIEWS_START + 900_000);
  await rounds();
  expect(new Set(details)).toEqual(new Set(["acme", undefined]));
});

it("tells again what a process had claimed that died", async () => {
  const { clock, told, reviews, ports, rounds } = office();
  await reviews.request(reviewOf(1));
  const dying = {
    ...ports,
    tell: () => {
      throw new Error("killed");
    },
  };
  await expect(attendReviews(dying)).rejects.toThrow("killed");
  await rounds();
  expect(told).toEqual([]);
  clock.now = instant(REVIEWS_START + 30_000);
  await rounds();
  expect(told).toEqual(["rev_1 requested"]);
});
