import { describe, expect, it } from "vitest";
import type { Review } from "../../../src/core/review/review.ts";
import { id, instant, millis, type ReviewId } from "../../../src/core/units.ts";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";

const ID: ReviewId = id("rev_01abc");

async function withReview(changes: Partial<Review> = {}): Promise<NativeFixture> {
  const fixture = await openNativeFixture();
  const { now } = fixture.clock;
  await fixture.reviews.request({
    id: ID,
    exchange: id("exc_01abc"),
    principal: {
      agent: id("bot"),
      tenant: id("default"),
      session: id("run-7"),
      team: undefined,
      user: "alice",
      run: undefined,
      tags: {},
      provenBy: "api_key",
    },
    action: { kind: "tool", upstream: id("crm"), tool: "delete", args: { id: 7 } },
    fingerprint: id("f".repeat(64)),
    rules: [id("crm-delete")],
    approval: { approvers: ["role:auditor"], expires: millis(60_000) },
    policy: id("p".repeat(64)),
    createdAt: instant(now),
    expiresAt: instant(now + 60_000),
    status: "pending",
    ...changes,
  });
  return fixture;
}

async function keyOf(fixture: NativeFixture, name: string, role: string): Promise<string> {
  return (await fixture.ask("POST", "/core/v1/keys", { body: { name, role } })).json.key;
}

const APPROVE = `/core/v1/reviews/${ID}/approve`;
const DENY = `/core/v1/reviews/${ID}/deny`;

describe("a review", () => {
  it("shows what would be done, and is answered once, with who and why on the ledger", async () => {
    await using fixture = await withReview();
    const list = await fixture.ask("GET", "/core/v1/reviews?status=pending");
    expect(list.json.items).toMatchObject([
      { id: ID, agent: "bot", action: { target: "crm.delete", detail: { id: 7 } } },
    ]);
    const key = await keyOf(fixture, "ann", "auditor");
    const approved = await fixture.ask("POST", APPROVE, { key, body: { note: "fine" } });
    expect(approved.json).toMatchObject({ status: "approved", answered_by: "ann", note: "fine" });
    expect((await fixture.ask("POST", DENY, { key, body: {} })).status).toBe(409);
    expect((await fixture.changes()).at(-1)?.record).toMatchObject({
      change: "review.approved",
      about: ID,
      by: "ann",
      detail: { agent: "bot", note: "fine" },
    });
  });

  it("is answered by its approvers only, and never by whom the agent works for", async () => {
    await using fixture = await withReview();
    const viewer = await keyOf(fixture, "vic", "viewer");
    expect((await fixture.ask("POST", APPROVE, { key: viewer, body: {} })).status).toBe(403);
    const requester = await keyOf(fixture, "alice", "admin");
    expect((await fixture.ask("POST", APPROVE, { key: requester, body: {} })).status).toBe(403);
    expect((await fixture.ask("POST", APPROVE, { body: {} })).status).toBe(200);
  });

  it("cannot be answered when its time is over", async () => {
    await using fixture = await withReview();
    fixture.clock.now += 60_000;
    expect((await fixture.ask("POST", APPROVE, { body: {} })).status).toBe(409);
    const shown = await fixture.ask("GET", `/core/v1/reviews/${ID}`);
    expect(shown.json.status).toBe("expired");
  });

  it("is used by one of many that ask at once, while it lasts", async () => {
    await using fixture = await withReview();
    await fixture.ask("POST", APPROVE, { body: {} });
    const now = instant(fixture.clock.now);
    const uses = await Promise.all(Array.from({ length: 10 }, () => fixture.reviews.use(ID, now)));
    expect(uses.filter((used) => used)).toHaveLength(1);
    expect((await fixture.reviews.find(ID))?.status).toBe("used");
  });

  it("is not used after its time, nor when nobody said yes", async () => {
    await using fixture = await withReview();
    expect(await fixture.reviews.use(ID, instant(fixture.clock.now))).toBe(false);
    await fixture.ask("POST", APPROVE, { body: {} });
    fixture.clock.now += 60_000;
    expect(await fixture.reviews.use(ID, instant(fixture.clock.now))).toBe(false);
  });

  it("of another tenant is not there", async () => {
    await using fixture = await openNativeFixture();
    expect((await fixture.ask("POST", APPROVE, { body: {} })).status).toBe(404);
  });
});
