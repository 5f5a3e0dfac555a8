import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anchorTable } from "../../../src/core/inspect/anchor-table.ts";
import { anchoredAt, firstAnchor, nextAnchor } from "../../../src/core/inspect/find-anchor.ts";
import type { Signature } from "../../../src/core/inspect/signature.ts";

const SIGNATURES = [
  signature(["ab", "abc", "0-0"], false),
  signature(["abcd", "cab"], true),
  signature(["忽略", "//x"], false),
];

function signature(anchors: readonly string[], wordStart: boolean): Signature {
  return { detector: "secret", anchors, wordStart, match: () => undefined };
}

function freshTable() {
  return anchorTable(SIGNATURES, () => false);
}

const texts = fc
  .array(
    fc.constantFrom("ab", "abc", "abcd", "cab", " ", "1-2", "/", "x", "忽略", "é", "z".repeat(300)),
    { minLength: 1, maxLength: 120 },
  )
  .map((parts) => parts.join(""));

describe("nextAnchor", () => {
  it("says the same wherever and in whatever order it is asked, of two texts in turn", () => {
    const table = freshTable();
    const asked = fc.array(fc.tuple(fc.boolean(), fc.nat(5000)), { maxLength: 60 });
    fc.assert(
      fc.property(texts, texts, asked, (one, other, questions) => {
        for (const [isOne, place] of questions) {
          const text = isOne ? one : other;
          const from = Math.min(place, text.length);
          const at = nextAnchor(table, text, from);
          const unknown = freshTable();
          expect(at).toBe(nextAnchor(unknown, text, from));
          if (at < 0) continue;
          const names = anchoredAt(table, text, at).map((found) => SIGNATURES.indexOf(found));
          expect(names).not.toEqual([]);
          // Asked of a table that has looked for nothing.
          const alone = anchoredAt(freshTable(), text, at);
          expect(names).toEqual(alone.map((found) => SIGNATURES.indexOf(found)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("meets every anchor of a text, one behind the other", () => {
    const table = freshTable();
    fc.assert(
      fc.property(texts, (text) => {
        const met: number[] = [];
        for (let at = nextAnchor(table, text, 0); at >= 0; at = nextAnchor(table, text, at + 1))
          met.push(at);
        // What begins nearer to the end may go on behind it.
        const isWhole = (at: number): boolean => at + 4 <= text.length;
        expect(met.filter(isWhole)).toEqual(placesIn(text).filter(isWhole));
      }),
    );
  });
});

describe("firstAnchor", () => {
  it("is the first that stands in a text of ASCII, however short", () => {
    const table = freshTable();
    const parts = fc.constantFrom("ab", "cab", " ", "1-2", "/", "x", "zz", "q".repeat(30));
    fc.assert(
      fc.property(fc.array(parts, { minLength: 3 }), (pieces) => {
        const text = pieces.join("");
        const first = placesIn(text).find((at) => at + 3 <= text.length);
        expect(firstAnchor(table, text)).toBe(first ?? text.length);
      }),
    );
  });

  it("leaves nothing of one text to the next, in another script", () => {
    const table = freshTable();
    expect(nextAnchor(table, "x ab and cab", 0)).toBe(2);
    const other = "é this one has it further on: ab.";
    expect(firstAnchor(table, other)).toBe(0);
    expect(nextAnchor(table, other, 0)).toBe(30);
  });
});

/** By a pattern for each anchor. */
function placesIn(text: string): readonly number[] {
  const patterns = [/(?=ab)/g, /(?=\d-\d)/g, /(?<![a-z\d])(?=cab)/g, /(?=忽略)/g, /(?=\/\/x)/g];
  const places = patterns.flatMap((pattern) =>
    Array.from(text.matchAll(pattern), ({ index }) => index),
  );
  return [...new Set(places)].toSorted((a, b) => a - b);
}
