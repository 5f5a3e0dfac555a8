import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { instant } from "../../src/core/units.ts";
import { BudgetConnection } from "../../src/stores/sqlite/budget-connection.ts";
import { attemptOf, holdOf } from "../support/budget-holds.ts";

const NOW = instant(1_780_000_000_000);
const TURNS = 200;

/** Lets connections to one file reserve in turn, and counts how often the work was done. */
function takeTurns(connections: number): number {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-budget-"));
  using cleanup = new DisposableStack();
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));
  const open = Array.from({ length: connections }, () =>
    cleanup.use(new BudgetConnection(join(directory, "budgets.db"))),
  );
  let done = 0;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const result = open[turn % connections]?.transact((book) => {
      done += 1;
      book.reserve(attemptOf(turn), [holdOf("a", 2, 1e6)], NOW, NOW + 1e6);
    });
    expect(result).toEqual({ kind: "done" });
  }
  return done;
}

describe("a connection to the budget file", () => {
  it("does nothing twice while no other process writes", () => {
    expect(takeTurns(1)).toBe(TURNS);
  });

  it("does its work anew where another process wrote since, and then trusts itself no more", () => {
    const done = takeTurns(2);
    expect(done).toBeGreaterThan(TURNS);
    expect(done).toBeLessThan(TURNS * 1.1);
  });
});
