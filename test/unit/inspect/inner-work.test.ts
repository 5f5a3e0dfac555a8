import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { scanBudget } from "../../../src/core/inspect/scan-budget.ts";
import { scanPlan } from "../../../src/core/inspect/scan-plan.ts";
import { lookAtText } from "../../../src/core/inspect/whole-text.ts";
import { ORDINARY } from "../../bench/ordinary-text.ts";
import { readCorpus } from "../../support/corpora.ts";
import { FALSE_STARTS, filled, LAYERED } from "../../support/dear-texts.ts";
import { EVERYTHING, looking } from "./inspections.ts";

const REPORTED = looking(EVERYTHING, "report", 40);
const KEY = "AKIAZ7Q4M2XW9T3RB6KD";
/** As `scan-budget.ts` counts: some 5 ns each. Ordinary text costs 5 to 23, of logs and addresses. */
const WORK_PER_UNIT_MAX = 24;

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
  return { findings: scanner.findings, unseen: scanner.unseen };
}

describe("a look behind encodings and disguises", () => {
  it.each(LAYERED)("takes a bounded amount of work for each unit of %j", (unit) => {
    expect(workOf(filled(unit, 4096))).toBeLessThan(WORK_PER_UNIT_MAX);
    expect(workOf(filled(unit, 32_768))).toBeLessThan(WORK_PER_UNIT_MAX);
  });

  it("says that it ended, and sees all that is written plainly", () => {
    const text = `${filled("w-q-\\nEAAA%2525«X»«X»", 32_768)} ${KEY} `;
    const { findings, unseen } = seenIn(text, text.length, looking(["secret"], "report"));
    expect(unseen).toBe("too_costly");
    expect(findings.map(({ signature }) => signature)).toContain("aws-access-key");
  });

  it.each(LAYERED)("ends at the same place of %j however that was cut", (unit) => {
    const text = filled(unit, 6000);
    const whole = seenIn(text, text.length);
    for (const units of [1, 61, 1000]) expect(seenIn(text, units)).toEqual(whole);
  });

  it.each(FALSE_STARTS)("counts what only seems compressed in %j", (unit) => {
    expect(workOf(filled(unit, 4096))).toBeGreaterThan(WORK_PER_UNIT_MAX - 4);
    expect(workOf(filled(unit, 32_768))).toBeLessThan(WORK_PER_UNIT_MAX);
  });

  it("is paid for by every text of a body together", () => {
    const budget = scanBudget();
    const look = { plan: scanPlan(REPORTED), withheld: [], budget };
    const short = filled("%2ei-o-sei!0app-0drowssap«D»«D»", 600);
    let units = 0;
    let isCapped = false;
    for (let i = 0; i < 60; i += 1) {
      const text = `${i} ${short}`;
      isCapped ||= lookAtText(look, text, "", "")?.capped !== undefined;
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
    ["an address three times", (text) => encodeURIComponent(encodeURIComponent(encodeURI(text)))],
    ["an address in base64", (text) => btoa(encodeURIComponent(text))],
    ["JSON twice", (text) => JSON.stringify(JSON.stringify(text))],
  ])("reaches the end of long ordinary text in %s", (_, encode) => {
    const text = encode(
      Array.from({ length: 30 }, (_day, i) => `Day ${i}. ${ORDINARY}`).join("\n"),
    );
    expect(seenIn(text, text.length).unseen).toBeUndefined();
  });

  it.each([
    [
      "a server's log",
      '203.0.113.«D»«D» - - [21/Nov/2026:11:02:03 +0000] "GET /orders/«D»«D»?q=blue%20shoes HTTP/1.1" 200 «D»«D»9\n',
    ],
    [
      "addresses",
      "https://files«D».example.com/annual%20report/«X»«X»«X»«X»«X»«X»«X»«X»?token=draft&page=«D»\n",
    ],
    [
      "cookies",
      "_ga=GA1.2.«D»«D»«D»«D»; sid=s%3A«A»«A»«A»«A»«A»«A»«A»«A»«A»«A»«A»«A»«A»«A»«A»«A»«A»«A»; ",
    ],
    ["queries", "status=open+order&x«D»=%2Fcity%3D«D»«D»&"],
  ])("reaches the end of %s, as long or short as they are", (_, unit) => {
    for (const units of [150, 400, 4000, 30_000]) {
      expect(seenIn(filled(unit, units), units).unseen).toBeUndefined();
    }
  });

  it("reaches the end of ordinary text in gzip", () => {
    const text = gzipSync(ORDINARY).toString("base64");
    expect(seenIn(text, text.length).unseen).toBeUndefined();
  });

  it("reaches the end of every text of the corpora", () => {
    for (const name of ["injection", "secrets", "egress", "pii", "urls", "exploits"]) {
      for (const { text } of readCorpus<{ text?: string }>(`${name}.jsonl`) ?? []) {
        if (text !== undefined) expect(seenIn(text, text.length).unseen).toBeUndefined();
      }
    }
  });
});

describe("text that only looks like what is looked for", () => {
  it.each([
    ["bytes that say one number again and again", "NDE/", 20],
    ["bytes that say letters of other scripts", "0oo1", 20],
    ["words of which attacks in Chinese and Japanese have more", "無視", 20],
    ["words of which attacks in Korean have more", "보여", 20],
    ["numbers", "00. ", 17],
    ["letters of a list", "u-", 19],
    ["a name with a dot", "a.0!", 19],
  ])("costs little where it is %s", (_, unit, most) => {
    expect(workOf(filled(unit, 4096))).toBeLessThan(most);
  });
});
