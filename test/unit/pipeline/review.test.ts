import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import type { Decision, Terms } from "../../../src/core/decision.ts";
import type { Principal } from "../../../src/core/principal.ts";
import type { ReviewSubject } from "../../../src/core/review/open-review.ts";
import type { Review } from "../../../src/core/review/review.ts";
import type { ReviewStore } from "../../../src/core/review/review-store.ts";
import { id, instant, millis } from "../../../src/core/units.ts";
import { decide } from "../../../src/pipeline/decide.ts";
import { review, type Hold, type ReviewDesk } from "../../../src/pipeline/review.ts";

const NOW = instant(1_800_000_000_000);
const TERMS: Terms = {
  charges: [],
  rates: [],
  outputTokens: undefined,
  marks: [],
  shadow: [],
};
const BOT: Principal = {
  agent: id("bot"),
  tenant: id("default"),
  session: id("run-7"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "api_key",
};
const DELETE: Action = { kind: "tool", upstream: id("crm"), tool: "crm.delete", args: { id: 7 } };
const ALLOW = {
  kind: "allow",
  because: [id("crm-read")],
  terms: TERMS,
} as const satisfies Decision;
const ESCALATE = {
  kind: "escalate",
  because: [id("crm-delete")],
  approval: { approvers: ["role:manager", "ann"], expires: millis(900_000) },
  terms: TERMS,
} as const satisfies Decision;

const subject = (change: Partial<ReviewSubject> = {}): ReviewSubject => ({
  exchange: id("exc_01abc"),
  now: NOW,
  principal: BOT,
  action: DELETE,
  policy: id("policy"),
  ...change,
});

const ANSWERS_NOTHING: Omit<ReviewStore, "request"> = {
  find: async () => undefined,
  list: async () => [],
  change: async () => false,
  override: async () => undefined,
  unattended: async () => [],
  watch: () => ({ [Symbol.dispose]: () => undefined }),
};

/** Nothing is answered here. */
const NOBODY: ReviewDesk["awaiting"] = { settled: async (waiting) => waiting };

/** Keeps the first review of a fingerprint, as every real store does. */
function memoryStore() {
  const kept = new Map<string, Review>();
  const store: ReviewStore = {
    request: async (one) => {
      const found = kept.get(one.fingerprint) ?? one;
      kept.set(one.fingerprint, found);
      return { kind: "stored", review: found };
    },
    ...ANSWERS_NOTHING,
  };
  return { desk: { reviews: store, awaiting: NOBODY }, kept };
}

describe("review", () => {
  it("lets an allowed call through at once, with its terms, and asks no store", () => {
    const { desk, kept } = memoryStore();
    expect(review(subject(), ALLOW, desk, undefined)).toEqual({
      kind: "pass",
      value: { terms: TERMS, grant: undefined, waited: false },
    });
    expect(kept.size).toBe(0);
  });

  it("stores an escalated call and tells the agent who decides, until when, and what to do", async () => {
    const { desk, kept } = memoryStore();
    expect(await review(subject(), ESCALATE, desk, undefined)).toEqual({
      kind: "halt",
      refusal: {
        code: "approval_required",
        detail:
          "This call needs approval by role:manager, ann. Review rev_01abc has been stored and " +
          "expires 2027-01-15T08:15:00.000Z.",
        remedy: "Tell your user which review is waiting.",
        rules: ["crm-delete"],
        review: "rev_01abc",
      },
    });
    expect([...kept.values()]).toMatchObject([
      {
        exchange: "exc_01abc",
        action: DELETE,
        status: "pending",
        createdAt: NOW,
        expiresAt: NOW + 900_000,
      },
    ]);
  });

  it("meets the review that already waits when the same call is asked again", async () => {
    const { desk, kept } = memoryStore();
    await review(subject(), ESCALATE, desk, undefined);
    const again = subject({
      exchange: id("exc_02def"),
      now: instant(NOW + 1_000),
      principal: { ...BOT, provenBy: "loopback" },
      action: { ...DELETE, args: { id: 7 } } as Action,
    });
    expect(await review(again, ESCALATE, desk, undefined)).toMatchObject({
      refusal: { review: "rev_01abc", detail: expect.stringContaining("is already waiting") },
    });
    expect(kept.size).toBe(1);
  });

  it.each<[string, Partial<ReviewSubject>]>([
    ["other arguments", { action: { ...DELETE, args: { id: 8 } } as Action }],
    ["another tool", { action: { ...DELETE, tool: "crm.purge" } as Action }],
    ["another upstream", { action: { ...DELETE, upstream: id("crm2") } as Action }],
    ["another agent", { principal: { ...BOT, agent: id("other") } }],
    ["another session", { principal: { ...BOT, session: id("run-8") } }],
    ["another tenant", { principal: { ...BOT, tenant: id("other") } }],
  ])("stores a review of its own for %s", async (_what, change) => {
    const { desk, kept } = memoryStore();
    await review(subject(), ESCALATE, desk, undefined);
    await review(subject({ ...change, exchange: id("exc_02def") }), ESCALATE, desk, undefined);
    expect(kept.size).toBe(2);
  });

  it("refuses when the review cannot be stored", async () => {
    const cause = new Error("disk full");
    const store: ReviewStore = {
      request: async () => ({ kind: "unreachable", cause }),
      ...ANSWERS_NOTHING,
    };
    const desk = { reviews: store, awaiting: NOBODY };
    expect(await review(subject(), ESCALATE, desk, undefined)).toMatchObject({
      refusal: { code: "review_unavailable", rules: ["crm-delete"], cause },
    });
  });

  it("names an operator where the rule names nobody", async () => {
    const nobody = { ...ESCALATE, approval: { ...ESCALATE.approval, approvers: [] } };
    expect(await review(subject(), nobody, memoryStore().desk, undefined)).toMatchObject({
      refusal: { detail: expect.stringContaining("approval by an operator") },
    });
  });

  const waits = (max: number): Hold & { readonly told: string[] } => {
    const told: string[] = [];
    return {
      told,
      max: (wished) => millis(Math.min(max, wished ?? max)),
      gone: new AbortController().signal,
      begin: (waiting) => void told.push(`begin ${waiting.id}`),
      end: () => void told.push("end"),
      keep: () => Promise.resolve(false),
    };
  };
  const settling = (answer: Partial<Review>): ReviewDesk => ({
    ...memoryStore().desk,
    awaiting: { settled: async (waiting) => ({ ...waiting, ...answer }) },
  });

  it("waits on a wire that can, and takes the answer that came meanwhile", async () => {
    const hold = waits(50_000);
    expect(await review(subject(), ESCALATE, settling({ status: "approved" }), hold)).toEqual({
      kind: "pass",
      value: { terms: TERMS, grant: "rev_01abc", waited: true },
    });
    expect(hold.told).toEqual(["begin rev_01abc", "end"]);
  });

  it.each([
    ["denied", "approval_denied", "has looked at this call"],
    ["deferred", "approval_required", "put this call off"],
    ["pending", "approval_required", "has been stored"],
    ["used", "approval_required", "was made already"],
    ["expired", "approval_required", "the time of review rev_01abc is over since 2027-"],
  ] as const)("says what came of the wait: %s", async (status, code, detail) => {
    expect(await review(subject(), ESCALATE, settling({ status }), waits(1))).toMatchObject({
      refusal: { code, detail: expect.stringContaining(detail) },
    });
  });

  it("does not wait where the rule forbids it, nor for what was put off", async () => {
    const never = { ...ESCALATE, approval: { ...ESCALATE.approval, holdMax: millis(0) } };
    const hold = waits(50_000);
    await review(subject(), never, memoryStore().desk, hold);
    const { desk, kept } = memoryStore();
    await review(subject(), ESCALATE, desk, undefined);
    for (const [key, one] of kept) kept.set(key, { ...one, status: "deferred" });
    await review(subject(), ESCALATE, desk, hold);
    expect(hold.told).toEqual([]);
  });
});

describe("decide", () => {
  const snapshotThat = (decision: Decision) => ({ decide: () => decision });
  const facts = { now: NOW, marks: [], source: () => "" };
  const http = (special: "unknown_endpoint" | "upgrade" | undefined): Action => ({
    kind: "http",
    upstream: id("github"),
    method: "GET",
    host: "api.github.com",
    path: "/repos",
    query: "",
    special,
    body: undefined,
  });
  const deny = (...because: string[]): Decision => ({
    kind: "deny",
    because: because.map((rule) => id(rule)),
    detail: "No deletions.",
    remedy: "Ask ann.",
  });

  it.each([ALLOW, ESCALATE])("passes on what may still become a call: $kind", (decision) => {
    const decided = decide(snapshotThat(decision), BOT, DELETE, facts);
    expect(decided).toEqual({ decision, verdict: { kind: "pass", value: decision } });
  });

  it("refuses with the rule's own words, and keeps the decision for the record", () => {
    const decision = deny("no-deletes");
    expect(decide(snapshotThat(decision), BOT, DELETE, facts)).toEqual({
      decision,
      verdict: {
        kind: "halt",
        refusal: {
          code: "policy_denied",
          detail: "No deletions.",
          remedy: "Ask ann.",
          rules: ["no-deletes"],
        },
      },
    });
  });

  it("names what was not met of a conditional rule", () => {
    const decision: Decision = {
      kind: "conditional",
      because: [id("office-hours")],
      unmet: ["a ticket number", "office hours"],
    };
    expect(decide(snapshotThat(decision), BOT, DELETE, facts).verdict).toMatchObject({
      refusal: {
        code: "policy_denied",
        detail: "Tool crm.delete is allowed only under conditions that are not met.",
        remedy: "Not met: a ticket number; office hours.",
      },
    });
  });

  it.each([
    [http(undefined), ["default"], "policy_denied"],
    [http("unknown_endpoint"), ["default"], "unknown_endpoint"],
    [http("unknown_endpoint"), ["no-admin"], "policy_denied"],
    [http("upgrade"), ["default"], "upgrade_refused"],
    [http("upgrade"), ["no-sockets"], "upgrade_refused"],
    [DELETE, ["default"], "policy_denied"],
  ] as const)("chooses the code that the client's fallback needs (%#)", (action, because, code) => {
    expect(decide(snapshotThat(deny(...because)), BOT, action, facts).verdict).toMatchObject({
      refusal: { code },
    });
  });
});
