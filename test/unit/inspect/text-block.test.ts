import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK_MAX, load, openBlock } from "../../../src/core/inspect/text-block.ts";

const TEXTS = ["忘れ", "a", "\u{1f600}", "é"].flatMap((sign) => [
  `${"quiet harbour ".repeat(300)}${sign}${"small boats ".repeat(900)}`,
  `${sign}abc `.repeat(4000),
]);

describe("blocks of several texts in turn", () => {
  it("hold the units of their stretch, whatever was read before", () => {
    const blocks = [openBlock(), openBlock(), openBlock()];
    const stretch = fc.record({
      block: fc.constantFrom(...blocks),
      text: fc.constantFrom(...TEXTS),
      from: fc.nat(9000),
      count: fc.integer({ min: 1, max: BLOCK_MAX }),
    });
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 12 }), (stretches) => {
        for (const { block, text, from, count } of stretches) {
          const to = Math.min(text.length, from + count);
          load(block, text, from, to);
          const piece = text.slice(from, to);
          expect(String.fromCharCode(...block.units.subarray(0, to - from))).toBe(piece);
          // A stretch of plain units may count as foreign, never the other way.
          if (block.isAscii) expect(piece).toMatch(/^[\0-\x7f]*$/);
        }
      }),
      { numRuns: 300, seed: 20_261_122 },
    );
  });
});
