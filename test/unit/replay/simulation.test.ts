import { describe, expect, it } from "vitest";
import { pairRecords } from "../../../src/core/replay/pair-records.ts";
import { createSimulator, type Simulation } from "../../../src/core/replay/simulation.ts";
import { id, nanoUsd } from "../../../src/core/units.ts";
import { outcomeFacts } from "../ledger/ledger-facts.ts";
import { compiled, llm, rulesOf, tool } from "../policy/policy-fixture.ts";
import { recordsOf, replayable, type MadeCall } from "./replay-fixture.ts";

const OLD = rulesOf(`
- { id: crm, tools: [crm.*], effect: allow }
- { id: models, llm: { models: [gpt-*] }, effect: allow }
- { id: pay, tools: [pay.send], effect: approve, approval: { approvers: [ann] } }
`);

function simulate(candidate: string, made: readonly MadeCall[]): Simulation {
  const before = compiled(OLD);
  const simulator = createSimulator(replayable(compiled(candidate)), replayable(before));
  const pairing = pairRecords((call) => simulator.observe(call));
  for (const [n, call] of made.entries()) {
    for (const entry of recordsOf(before, call, n)) pairing.take(entry);
  }
  pairing.finish();
  return simulator.report();
}

const read: MadeCall = { action: tool("crm.read") };
const erase: MadeCall = { action: tool("crm.delete") };
const paid = (day: string, review?: string): MadeCall => ({
  action: tool("pay.send", { amount: 5 }),
  at: Date.parse(`${day}T08:00:00Z`),
  ...(review !== undefined && { changes: { review: id(review) } }),
});

/** An LLM call that cost so much. */
function asked(nano: number, day = "2026-11-20"): MadeCall {
  const { usage } = outcomeFacts("exc_0", undefined);
  if (usage === undefined) throw new Error("the fixture has a price");
  return {
    action: llm("gpt-5"),
    at: Date.parse(`${day}T08:00:00Z`),
    changes: { usage: { ...usage, cost: nanoUsd(nano) } },
  };
}

describe("a simulation", () => {
  it("counts what stays and groups what changes, with examples", () => {
    const candidate = OLD.replace("crm.*", "crm.read");
    const said = simulate(candidate, [read, erase, read, erase]);
    expect(said).toMatchObject({ calls: 4, unchanged: 2, changed: 2, open: 0, unjudged: 0 });
    expect(said.changes).toEqual([
      {
        agent: "bot",
        call: "tool crm.delete",
        from: "allow",
        to: "deny",
        rulesBefore: ["crm"],
        rulesAfter: ["default"],
        count: 2,
        examples: ["exc_1", "exc_3"],
      },
    ]);
  });

  it("says which rules nobody can tell of, and what they read", () => {
    const said = simulate(`${OLD}- { id: big, tools: [crm.*], when: args.n > 5, effect: deny }\n`, [
      read,
    ]);
    expect(said).toMatchObject({ changed: 0, open: 1 });
    expect(said.openCalls).toMatchObject([
      { from: "allow", possible: ["allow", "deny"], rules: ["big"], missing: ["arguments"] },
    ]);
  });

  it("counts approvals by day and approver, and a review that is asked for again once", () => {
    const candidate = rulesOf("- { id: all, tools: ['*'], effect: approve }");
    const days = [paid("2026-11-19", "rev_1"), paid("2026-11-19", "rev_1"), paid("2026-11-20")];
    expect(simulate(candidate, [...days, read]).approvals).toEqual([
      { day: "2026-11-19", approver: "ann", before: 1, after: 0 },
      { day: "2026-11-19", approver: "anybody", before: 0, after: 1 },
      { day: "2026-11-20", approver: "ann", before: 1, after: 0 },
      { day: "2026-11-20", approver: "anybody", before: 0, after: 2 },
    ]);
  });

  it("draws on the candidate's budgets, window by window, and counts what did not fit", () => {
    const budgets = "budgets:\n  day: { limit: 1 USD, per: agent, window: day }\n";
    const candidate = rulesOf(
      "- { id: m, llm: { models: ['*'] }, effect: allow, charge: day }",
      budgets,
    );
    const calls = [asked(600_000_000), asked(600_000_000), asked(400_000_000)];
    const said = simulate(candidate, [...calls, asked(600_000_000, "2026-11-21")]);
    expect(said.budgets).toEqual([
      {
        budget: "day",
        unit: "nano_usd",
        limit: 1_000_000_000,
        taken: 3,
        spent: 1_600_000_000,
        refused: 1,
        adjusted: 0,
        unknown: 0,
      },
    ]);
  });

  it("says so where an amount that the call named is not on record", () => {
    const budgets = "budgets:\n  pay: { limit: 100 USD, per: agent, window: day }\n";
    const candidate = rulesOf(
      "- { id: p, tools: [pay.*], effect: allow, charge: { budget: pay, amount: args.amount } }",
      budgets,
    );
    expect(simulate(candidate, [paid("2026-11-19")]).budgets).toMatchObject([
      { budget: "pay", taken: 0, refused: 0, unknown: 1 },
    ]);
  });

  it("leaves out what ended before policy was asked, and what has no whole name", () => {
    const nobody: MadeCall = { ...read, changes: { decision: undefined } };
    const long: MadeCall = { action: tool(`crm.${"x".repeat(600)}`) };
    expect(simulate(OLD, [nobody, long])).toMatchObject({ calls: 1, cut: 1, unjudged: 1 });
  });
});
