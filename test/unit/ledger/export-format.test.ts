import { expect, test } from "vitest";
import { exportWriter } from "../../../src/core/ledger/export-format.ts";
import type { ChangeEntry } from "../../../src/core/ledger/entry.ts";
import { id, instant } from "../../../src/core/units.ts";

/** A record whose texts somebody hostile chose. */
function record(about: string) {
  const entry: ChangeEntry = {
    kind: "change",
    writer: "w_1",
    seq: 1,
    prev: id("0".repeat(64)),
    at: instant(0),
    change: about,
    about: "",
    by: "",
    detail: {},
  };
  return { entry, asked: undefined, hash: "h", record: { about } };
}

test("a cell that a spreadsheet would run is a text", () => {
  const row = (text: string): string => exportWriter("csv").row(record(text));
  for (const formula of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]) {
    expect(row(formula)).toContain(`'${formula}`);
  }
  expect(row('say "x", y')).toContain('"say ""x"", y  by "');
});

test("markup is text in HTML and in Markdown", () => {
  const html = exportWriter("html").row(record("<script>alert(1)</script>"));
  expect(html).toContain("&lt;script&gt;");
  expect(html).not.toContain("<script>");
  const markdown = exportWriter("md").row(record("a|b [x](javascript:1) `c`\n| d |"));
  expect(markdown.split("\n")).toHaveLength(2);
  expect(markdown).toContain("a\\|b \\[x\\](javascript:1)");
});
