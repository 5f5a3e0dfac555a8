import { describe, expect, it, test } from "vitest";
import type { Facts } from "../../../src/core/evidence.ts";
import { keptText, type Said } from "../../../src/core/ledger/kept-text.ts";
import { parseAsked } from "../../../src/core/ledger/parse-asked.ts";
import type { PersonalTexts } from "../../../src/core/ledger/personal-texts.ts";
import { intentBody, outcomeBody } from "../../../src/core/ledger/record-exchange.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { id, instant, millis } from "../../../src/core/units.ts";
import { budget } from "../money/money-fixtures.ts";
import { intentFacts, LLM, outcomeFacts, UPSTREAM } from "./ledger-facts.ts";

interface Counted extends Said {
  readonly count: number;
}

function counting(): { write: (said: Counted) => string; written: () => number } {
  let written = 0;
  const write = keptText(
    ({ name, count }: Counted) => {
      written += 1;
      return `${name} ${count}`;
    },
    (now, before) => now.count === before.count,
  );
  return { write, written: () => written };
}

test("a text is made again only where it would say something else", () => {
  const { write, written } = counting();
  const counts = [1, 1, 2, 2, 1];
  expect(counts.map((count) => write({ name: "a", count }))).toEqual(
    counts.map((count) => `a ${count}`),
  );
  expect(written()).toBe(3);
});

test("names beyond all that are kept are written as they are", () => {
  const { write, written } = counting();
  const names = Array.from({ length: 5_000 }, (_, n) => `n${n}`);
  for (const name of [...names, ...names]) expect(write({ name, count: 7 })).toBe(`${name} 7`);
  expect(written()).toBe(10_000);
});

function told(facts: Facts, personal?: PersonalTexts): ReturnType<typeof parseAsked> {
  const { asked } = JSON.parse(`${intentBody(facts, personal)}}`) as { asked: never };
  return parseAsked(asked);
}

describe("an exchange does not say what the one before it said, where only this is other:", () => {
  const base = intentFacts("exc_1");
  const who = base.principal as Principal;
  const named = { ...who, user: "ada" as never };
  const held = base.reservation as Extract<Facts["reservation"], { kind: "held" }>;
  const hold = held.holds[0] as (typeof held.holds)[0];
  const allowed = base.decision as Extract<Facts["decision"], { kind: "allow" }>;
  const holding = (change: Partial<typeof hold>): Partial<Facts> => ({
    reservation: { ...held, holds: [{ ...hold, ...change }] },
  });
  const changes: Record<string, [Partial<Facts>, object]> = {
    operation: [
      { action: { ...LLM, operation: "embed" } as never },
      { action: { operation: "embed" } },
    ],
    stream: [{ action: { ...LLM, stream: false } as never }, { action: { stream: false } }],
    cap: [{ action: { ...LLM, outputTokens: 7 } as never }, { action: { outputTokens: 7 } }],
    "no cap": [
      { action: { ...LLM, outputTokens: undefined } as never },
      { action: { outputTokens: undefined } },
    ],
    terms: [
      { decision: { ...allowed, terms: { ...allowed.terms, marks: [] } } },
      { decision: { marks: [] } },
    ],
    effect: [
      { decision: { kind: "deny", because: [id("models")], detail: "", remedy: undefined } },
      { decision: { kind: "deny" } },
    ],
    path: [{ path: "/v1/embeddings" }, { path: "/v1/embeddings" }],
    method: [{ method: "GET" }, { method: "GET" }],
    policy: [{ policy: id("6".repeat(64)) }, { policy: "6".repeat(64) }],
    definition: [{ definition: id("7".repeat(64)) }, { definition: "7".repeat(64) }],
    wire: [{ upstream: { ...UPSTREAM, wire: "anthropic" } }, { wire: "anthropic" }],
    session: [{ principal: { ...who, session: id("s-2") } }, { principal: { session: "s-2" } }],
    tenant: [{ principal: { ...who, tenant: id("acme") } }, { principal: { tenant: "acme" } }],
    team: [{ principal: { ...who, team: undefined } }, { principal: { team: undefined } }],
    run: [{ principal: { ...who, run: "r1" } }, { principal: { run: "r1" } }],
    user: [{ principal: named }, { principal: { user: "ada" } }],
    tags: [{ principal: { ...who, tags: { a: "b" } } }, { principal: { tags: { a: "b" } } }],
    proof: [{ principal: { ...who, provenBy: "token" } }, { principal: { provenBy: "token" } }],
    clearance: [{ principal: { ...who, clearance: 3 } }, { principal: { clearance: 3 } }],
    amount: [holding({ amount: 5 }), { reservation: { holds: [{ amount: 5 }] } }],
    key: [holding({ key: "k" }), { reservation: { holds: [{ key: "k" }] } }],
    "time of reset": [
      holding({ resetsAt: instant(9) }),
      { reservation: { holds: [{ resetsAt: 9 }] } },
    ],
    unit: [
      holding({ budget: budget("llm-day", "calls", { limit: 1 }) }),
      { reservation: { holds: [{ unit: "calls" }] } },
    ],
    "second hold": [
      { reservation: { ...held, holds: [hold, { ...hold, key: "k" }] } },
      { reservation: { holds: [{ key: hold.key }, { key: "k" }] } },
    ],
  };

  it.each(Object.entries(changes))("%s", (_, [change, expected]) => {
    const before = intentBody(base);
    expect(told(intentFacts("exc_1", change))).toMatchObject(expected);
    expect(intentBody(base)).toBe(before);
  });

  it("the person's token", () => {
    const key = "default|day|ada";
    const facts = intentFacts("exc_1", { principal: named, ...holding({ key }) });
    const as = (token: string): PersonalTexts => ({ conceal: () => token }) as never;
    for (const token of ["t1", "t2", "t1"]) {
      expect(told(facts, as(token))).toMatchObject({
        principal: { user: token },
        reservation: { holds: [{ key: `default|day|${token}` }] },
      });
    }
  });

  it("the price catalogue", () => {
    const { usage } = outcomeFacts("exc_1", undefined);
    for (const catalogue of ["a@1", "a@2", "a@1"]) {
      const facts = outcomeFacts("exc_1", undefined, {
        usage: usage && { ...usage, catalogue },
        duration: millis(1),
      });
      const said = JSON.parse(`${outcomeBody(facts, instant(1))}}`) as { cost: object };
      expect(said.cost).toMatchObject({ catalogue });
    }
  });
});
