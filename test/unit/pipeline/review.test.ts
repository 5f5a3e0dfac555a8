import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import type { Decision, Terms } from "../../../src/core/decision.ts";
import type { Principal } from "../../../src/core/principal.ts";
import type { Review, ReviewStore } from "../../../src/core/review/review.ts";
import { id, instant, millis } from "../../../src/core/units.ts";
import { decide } from "../../../src/pipeline/decide.ts";
import { review, type ReviewSubject } from "../../../src/pipeline/review.ts";

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

const ANSWERS_NOTHING: Pick<ReviewStore, "use" | "find" | "list" | "answer"> = {
  use: async () => false,
  find: async () => undefined,
  list: async () => [],
  answer: async () => undefined,
};

/** Keeps the first review of a fingerprint, as every real store does. */
function memoryStore() {
  const kept = new Map<string, Review>();
  const store: ReviewStore = {
    request: async (one) => {
      const found = kept.get(one.fingerprint) ?? one;
      kept.set(one.fingerprint, found);
      return { kind: "stored", review: found };
    },
    pending: async () => [...kept.values()],
    ...ANSWERS_NOTHING,
  };
  return { store, kept };
}

describe("review", () => {
  it("lets an allowed call through at once, with its terms, and asks no store", () => {
    const { store, kept } = memoryStore();
    expect(review(subject(), ALLOW, store)).toEqual({
      kind: "pass",
      value: { terms: TERMS, grant: undefined },
    });
    expect(kept.size).toBe(0);
  });

  it("stores an escalated call and tells the agent who decides, until when, and what to do", async () => {
    const { store, kept } = memoryStore();
    expect(await review(subject(), ESCALATE, store)).toEqual({
      kind: "halt",
      refusal: {
        code: "approval_required",
        detail:
          "This call needs approval by role:manager, ann. Review rev_01abc has been stored and " +
          "expires 2027-01-15T08:15:00.000Z.",
        remedy: "Do not retry until it is approved. Tell your user which review is waiting.",
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
    const { store, kept } = memoryStore();
    await review(subject(), ESCALATE, store);
    const again = subject({
      exchange: id("exc_02def"),
      now: instant(NOW + 1_000),
      principal: { ...BOT, provenBy: "loopback" },
      action: { ...DELETE, args: { id: 7 } } as Action,
    });
    expect(await review(again, ESCALATE, store)).toMatchObject({
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
    const { store, kept } = memoryStore();
    await review(subject(), ESCALATE, store);
    await review(subject({ ...change, exchange: id("exc_02def") }), ESCALATE, store);
    expect(kept.size).toBe(2);
  });

  it("refuses when the review cannot be stored", async () => {
    const cause = new Error("disk full");
    const store: ReviewStore = {
      request: async () => ({ kind: "unreachable", cause }),
      pending: async () => [],
      ...ANSWERS_NOTHING,
    };
    expect(await review(subject(), ESCALATE, store)).toMatchObject({
      refusal: { code: "review_unavailable", rules: ["crm-delete"], cause },
    });
  });

  it("names an operator where the rule names nobody", async () => {
    const nobody = { ...ESCALATE, approval: { ...ESCALATE.approval, approvers: [] } };
    expect(await review(subject(), nobody, memoryStore().store)).toMatchObject({
      refusal: { detail: expect.stringContaining("approval by an operator") },
    });
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
