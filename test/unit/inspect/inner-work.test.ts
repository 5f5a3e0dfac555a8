import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { scanBudget } from "../../../src/core/inspect/scan-budget.ts";
import { scanPlan } from "../../../src/core/inspect/scan-plan.ts";
import { lookAtText } from "../../../src/core/inspect/whole-text.ts";
import { ORDINARY } from "../../bench/ordinary-text.ts";
import { readCorpus } from "../../support/corpora.ts";
import { filled, LAYERED } from "../../support/dear-texts.ts";
import { EVERYTHING, looking } from "./inspections.ts";

const REPORTED = looking(EVERYTHING, "report", 40);
const KEY = "AKIAZ7Q4M2XW9T3RB6KD";
/** As `scan-budget.ts` counts. Ordinary text costs 5 to 10; without a limit, some of these cost 174. */
const WORK_PER_UNIT_MAX = 75;

function workOf(text: string): number {
  const budget = scanBudget();
  lookAtText({ plan: scanPlan(REPORTED), withheld: [], budget }, text, "", "");
  return budget.spent / text.length;
}

function seenIn(text: string, pieceUnits: number, inspection = REPORTED) {
  const scanner = createPartScanner(inspection, "p", []);
  for (let at = 0; at < text.length; at += pieceUnits) {
    scanner.push(text.slice(at, at + pieceUnits));
  }
  scanner.end();
  return { findings: scanner.findings, complete: scanner.complete };
}

describe("a look behind encodings and disguises", () => {
  it.each(LAYERED)("takes a bounded amount of work for each unit of %j", (unit) => {
    expect(workOf(filled(unit, 4096))).toBeLessThan(WORK_PER_UNIT_MAX);
    expect(workOf(filled(unit, 32_768))).toBeLessThan(WORK_PER_UNIT_MAX);
  });

  it("says that it ended, and sees all that is written plainly", () => {
    const text = `${filled("w-q-\\nEAAA%2525«X»«X»", 32_768)} ${KEY} `;
    const { findings, complete } = seenIn(text, text.length, looking(["secret"], "report"));
    expect(complete).toBe(false);
    expect(findings.map(({ signature }) => signature)).toContain("aws-access-key");
  });

  it.each(LAYERED)("ends at the same place of %j however that was cut", (unit) => {
    const text = filled(unit, 6000);
    const whole = seenIn(text, text.length);
    for (const units of [1, 61, 1000]) expect(seenIn(text, units)).toEqual(whole);
  });

  it("is paid for by every text of a body together", () => {
    const budget = scanBudget();
    const look = { plan: scanPlan(REPORTED), withheld: [], budget };
    const short = filled("%2ei-o-sei!0app-0drowssap«D»«D»", 600);
    let units = 0;
    let isCapped = false;
    for (let i = 0; i < 60; i += 1) {
      const text = `${i} ${short}`;
      isCapped ||= lookAtText(look, text, "", "")?.capped === true;
      units += text.length;
    }
    expect(isCapped).toBe(true);
    expect(budget.spent / units).toBeLessThan(WORK_PER_UNIT_MAX);
  });

  it.each<[string, (text: string) => string]>([
    ["base64", (text) => Buffer.from(text).toString("base64")],
    ["base64 twice", (text) => btoa(Buffer.from(text).toString("base64"))],
    ["hex", (text) => Buffer.from(text).toString("hex")],
    ["an address", (text) => encodeURIComponent(text)],
    ["an address twice", (text) => encodeURIComponent(encodeURIComponent(text))],
    ["JSON twice", (text) => JSON.stringify(JSON.stringify(text))],
  ])("reaches the end of long ordinary text in %s", (_, encode) => {
    const text = encode(
      Array.from({ length: 30 }, (_day, i) => `Day ${i}. ${ORDINARY}`).join("\n"),
    );
    expect(seenIn(text, text.length).complete).toBe(true);
  });

  it("reaches the end of ordinary text in gzip", () => {
    const text = gzipSync(ORDINARY).toString("base64");
    expect(seenIn(text, text.length).complete).toBe(true);
  });

  it("reaches the end of every text of the corpora", () => {
    for (const name of ["injection", "secrets", "egress", "pii", "urls", "exploits"]) {
      for (const { text } of readCorpus<{ text?: string }>(`${name}.jsonl`) ?? []) {
        if (text !== undefined) expect(seenIn(text, text.length).complete).toBe(true);
      }
    }
  });
});
