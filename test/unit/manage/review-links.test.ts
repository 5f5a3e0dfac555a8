import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { id, instant, millis } from "../../../src/core/units.ts";
import { openNativeFixture, SLACK_SECRET, type NativeFixture } from "../../support/native-api.ts";
import { reviewOf } from "../../support/reviews.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** A review that ann or bob may answer; both must. */
async function withReview(count = 1): Promise<NativeFixture> {
  const fixture = await openNativeFixture();
  const { now } = fixture.clock;
  const approval = { approvers: ["ann", "bob"], expires: millis(60_000), count };
  const times = { createdAt: instant(now), expiresAt: instant(now + 60_000) };
  const action = { ...reviewOf(1).action, args: { text: "<script>alert(1)</script>" } } as never;
  await fixture.reviews.request(reviewOf(1, { approval, action, ...times }));
  return fixture;
}

async function linkFor(fixture: NativeFixture, approver: string): Promise<string> {
  const body = { approver };
  const made = await fixture.ask("POST", "/core/v1/reviews/rev_1/links", { body });
  const { pathname, search } = new URL(made.json.url);
  return pathname + search;
}

const standing = async (fixture: NativeFixture) =>
  (await fixture.reviews.find(id("default"), "rev_1"))?.status;

describe("a link", () => {
  it("shows the call and changes nothing, then answers once, as its person", async () => {
    await using fixture = await withReview();
    const link = await linkFor(fixture, "ann");
    const shown = await fixture.ask("GET", link, { key: undefined });
    expect(shown.text).toContain("crm.delete_user");
    expect(shown.text).toContain("&lt;script&gt;");
    expect(shown.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(shown.headers["referrer-policy"]).toBe("same-origin");
    expect(await standing(fixture)).toBe("pending");
    const post = { key: undefined, body: "word=approve&note=fine", headers: FORM };
    expect((await fixture.ask("POST", link, post)).text).toContain("approved");
    expect(await standing(fixture)).toBe("approved");
    expect((await fixture.changes()).at(-1)).toMatchObject({
      record: { change: "review.approved", by: "ann", detail: { note: "fine" } },
    });
    expect((await fixture.ask("POST", link, post)).status).toBe(404);
    expect((await fixture.ask("GET", link, { key: undefined })).status).toBe(404);
  });

  it("is its person's alone: two of them are four eyes, one twice is not", async () => {
    await using fixture = await withReview(2);
    const [ann, bob] = [await linkFor(fixture, "ann"), await linkFor(fixture, "bob")];
    const again = await linkFor(fixture, "ann");
    const post = { key: undefined, body: "word=approve", headers: FORM };
    expect((await fixture.ask("POST", ann, post)).text).toContain("one more person");
    expect((await fixture.ask("POST", again, post)).status).toBe(404);
    expect((await fixture.ask("POST", bob, post)).text).toContain("approved");
  });

  it("is made for approvers only, and is nothing once it is over or changed", async () => {
    await using fixture = await withReview();
    const eve = await fixture.ask("POST", "/core/v1/reviews/rev_1/links", {
      body: { approver: "eve" },
    });
    expect(eve.status).toBe(400);
    const link = await linkFor(fixture, "ann");
    const other = link.at(-10) === "A" ? "B" : "A";
    const forged = link.slice(0, -10) + other + link.slice(-9);
    expect((await fixture.ask("GET", forged, { key: undefined })).status).toBe(404);
    fixture.clock.now += 61_000;
    expect((await fixture.ask("GET", link, { key: undefined })).status).toBe(404);
  });
});

describe("Slack's buttons", () => {
  const click = (
    fixture: NativeFixture,
    change: { age?: number; secret?: string; user?: string },
  ) => {
    const { age = 0, secret = SLACK_SECRET, user = "U1" } = change;
    const payload = JSON.stringify({
      type: "block_actions",
      user: { id: user },
      actions: [{ action_id: "approve", value: "default|rev_1" }],
    });
    const text = `payload=${encodeURIComponent(payload)}`;
    const timestamp = String(Math.floor(fixture.clock.now / 1000) - age);
    const mac = createHmac("sha256", secret).update(`v0:${timestamp}:${text}`).digest("hex");
    return fixture.ask("POST", "/core/v1/slack/actions", {
      key: undefined,
      body: text,
      headers: {
        ...FORM,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": `v0=${mac}`,
      },
    });
  };

  it("answer as the person whose account it is", async () => {
    await using fixture = await withReview();
    expect((await click(fixture, {})).json).toMatchObject({ text: "Review rev_1 is approved." });
    expect(await standing(fixture)).toBe("approved");
  });

  it.each([
    ["an old request", { age: 301 }, 401],
    ["another signature", { secret: "other" }, 401],
    ["an account that nobody knows", { user: "U2" }, 200],
  ] as const)("do nothing for %s", async (_what, change, status) => {
    await using fixture = await withReview();
    expect((await click(fixture, change)).status).toBe(status);
    expect(await standing(fixture)).toBe("pending");
  });
});
