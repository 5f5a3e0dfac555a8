import { describe, expect, it } from "vitest";
import { tailEnd } from "../../../src/core/inspect/layers/escape-stretch.ts";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { scanBudget } from "../../../src/core/inspect/scan-budget.ts";
import { scanPlan } from "../../../src/core/inspect/scan-plan.ts";
import { lookAtText } from "../../../src/core/inspect/whole-text.ts";
import { EVERYTHING, looking } from "./inspections.ts";

const REPORTED = looking(EVERYTHING, "report", 40);

describe("the tail of a stretch of escapes", () => {
  it.each([
    ["a%20b and then nothing for long, said the harbour master to nobody", "the"],
    ["a%20b", ""],
    ["%20 https://files.example.org/a/long/path/to/some/quiet/place and on", "and"],
    ["&lt;&amp; and then a good deal of text without one more escape", "one"],
  ])("ends with the word that is far enough behind the last: %s", (text, next) => {
    const end = tailEnd(text, 0, text.length);
    expect(text.slice(end).trimStart().startsWith(next)).toBe(true);
    expect(text.slice(end)).toMatch(/^(?:\s|$)/);
  });

  it("is all of it where another escape ends the stretch", () => {
    const text = `a%20b ${"quiet ".repeat(9)}%20`;
    expect(tailEnd(text, 0, text.length)).toBe(text.length);
  });

  it("leaves to the text itself what stands behind it", () => {
    const text = `GET /a%20b 200 and then some words that nobody needs, contact anna@example.com today`;
    const scanner = createPartScanner(REPORTED, "p", []);
    scanner.push(text);
    scanner.end();
    expect(scanner.findings.map(({ signature }) => signature)).toEqual(["address"]);
  });

  it("is all that a log with an escape a line pays for", () => {
    const line = (i: number): string =>
      `2026-11-22T05:10:${10 + (i % 50)}Z INFO GET /search?q=quiet%20harbour 200 took 12ms for user anna\n`;
    const text = Array.from({ length: 200 }, (_, i) => line(i)).join("");
    const budget = scanBudget();
    lookAtText({ plan: scanPlan(REPORTED), withheld: [], budget }, text, "", "");
    expect(budget.spent / text.length).toBeLessThan(18);
  });
});
