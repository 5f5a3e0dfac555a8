import { describe, expect, it } from "vitest";
import type { Review } from "../../../src/core/review/review.ts";
import { id, instant, millis, type TenantId } from "../../../src/core/units.ts";
import { useGrant } from "../../../src/operations/reviews/use-grant.ts";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";
import { reviewOf } from "../../support/reviews.ts";

const { id: ID } = reviewOf(1);

async function withReview(changes: Partial<Review> = {}): Promise<NativeFixture> {
  const fixture = await openNativeFixture();
  const { now } = fixture.clock;
  const principal = { ...reviewOf(1).principal, user: "alice" };
  const times = { createdAt: instant(now), expiresAt: instant(now + 60_000) };
  const approval = { approvers: ["role:auditor"], expires: millis(60_000) };
  await fixture.reviews.request(reviewOf(1, { principal, approval, ...times, ...changes }));
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
      { id: ID, agent: "bot", action: { target: "crm.delete_user", detail: { user: 1 } } },
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
    for (const name of ["alice", "Alice"]) {
      const key = await keyOf(fixture, name, "admin");
      expect((await fixture.ask("POST", APPROVE, { key, body: {} })).status).toBe(403);
    }
    expect((await fixture.ask("POST", APPROVE, { body: {} })).status).toBe(200);
  });

  it("cannot be answered when its time is over", async () => {
    await using fixture = await withReview();
    fixture.clock.now += 60_000;
    expect((await fixture.ask("POST", APPROVE, { body: {} })).status).toBe(409);
    const shown = await fixture.ask("GET", `/core/v1/reviews/${ID}`);
    expect(shown.json.status).toBe("expired");
  });

  const uses = (fixture: NativeFixture) =>
    useGrant(id("default"), ID, { reviews: fixture.reviews, now: fixture.ports.now });

  it("is used by one of many that ask at once, while it lasts", async () => {
    await using fixture = await withReview();
    await fixture.ask("POST", APPROVE, { body: {} });
    const used = await Promise.all(Array.from({ length: 10 }, () => uses(fixture)));
    expect(used.filter(({ kind }) => kind === "pass")).toHaveLength(1);
    expect((await fixture.reviews.find(id("default"), ID))?.status).toBe("used");
  });

  it("is not used after its time, nor when nobody said yes", async () => {
    await using fixture = await withReview();
    expect(await uses(fixture)).toMatchObject({ refusal: { code: "approval_required" } });
    await fixture.ask("POST", APPROVE, { body: {} });
    fixture.clock.now += 60_000;
    expect(await uses(fixture)).toMatchObject({ refusal: { code: "approval_required" } });
  });

  it("wants as many people as its rule says, and each of them once", async () => {
    const approval = { approvers: [], expires: millis(60_000), count: 2 };
    await using fixture = await withReview({ approval });
    const [ann, bob] = [
      await keyOf(fixture, "ann", "viewer"),
      await keyOf(fixture, "bob", "viewer"),
    ];
    const first = await fixture.ask("POST", APPROVE, { key: ann, body: {} });
    expect(first.json).toMatchObject({ status: "acknowledged", approvals_needed: 2 });
    expect((await fixture.ask("POST", APPROVE, { key: ann, body: {} })).status).toBe(409);
    const second = await fixture.ask("POST", APPROVE, { key: bob, body: {} });
    expect(second.json).toMatchObject({
      status: "approved",
      words: [{ by: "ann" }, { by: "bob" }],
    });
  });

  it("is not assigned over what somebody else has done meanwhile", async () => {
    await using fixture = await withReview();
    const at = `/core/v1/reviews/${ID}`;
    const seen = String((await fixture.ask("GET", at)).headers["etag"]);
    const assign = (person: string) =>
      fixture.ask("PUT", `${at}/assignment`, {
        body: { assigned_to: [person] },
        headers: { "if-match": seen },
      });
    expect((await assign("ann")).status).toBe(200);
    expect((await assign("carl")).status).toBe(412);
    expect((await fixture.ask("GET", at)).json.assigned_to).toEqual(["ann"]);
  });

  it("is acknowledged, assigned, put off, handed on, each on the ledger", async () => {
    await using fixture = await withReview();
    const at = `/core/v1/reviews/${ID}`;
    const say = async (what: string, body: object = {}) =>
      (await fixture.ask(what === "assignment" ? "PUT" : "POST", `${at}/${what}`, { body })).json;
    expect(await say("acknowledge")).toMatchObject({ status: "acknowledged" });
    expect(await say("assignment", { assigned_to: ["ann"] })).toMatchObject({
      assigned_to: ["ann"],
    });
    expect(await say("defer", { note: "after lunch" })).toMatchObject({ status: "deferred" });
    const next = await say("escalate", { approvers: ["bob"] });
    expect(next).toMatchObject({
      status: "pending",
      origin: "escalation",
      priority: "high",
      approvers: ["bob"],
    });
    expect((await fixture.ask("GET", at)).json).toMatchObject({
      status: "escalated",
      successor: next.id,
    });
    expect((await fixture.changes()).slice(-4)).toMatchObject(
      ["review.acknowledged", "review.assigned", "review.deferred", "review.escalated"].map(
        (change) => ({ record: { change } }),
      ),
    );
  });

  it("of another tenant is not there", async () => {
    await using fixture = await openNativeFixture();
    expect((await fixture.ask("POST", APPROVE, { body: {} })).status).toBe(404);
  });

  it("that a tenant answers is on that tenant's record", async () => {
    await using fixture = await openNativeFixture();
    const body = { id: "acme", name: "Acme Ltd" };
    const key = (await fixture.ask("POST", "/core/v1/tenants", { body })).json.admin_key;
    const { now } = fixture.clock;
    const times = { createdAt: instant(now), expiresAt: instant(now + 60_000) };
    const principal = { ...reviewOf(1).principal, tenant: id<TenantId>("acme") };
    await fixture.reviews.request(reviewOf(1, { principal, ...times }));
    expect((await fixture.ask("POST", APPROVE, { key, body: {} })).status).toBe(200);
    expect((await fixture.changes()).at(-1)).toMatchObject({
      record: { change: "review.approved", detail: { tenant: "acme" } },
    });
  });
});
