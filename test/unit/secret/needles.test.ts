import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstNeedle, needleAt, needlesOf } from "../../../src/core/secret/needles.ts";

/** Few signs, so that beginnings, overlaps and whole needles come up by chance. */
const word = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom("a", "b", "c", "\0", "~"), minLength, maxLength });
const literals = fc.array(word(0, 6), { maxLength: 4 });

function firstOf(words: readonly string[], text: string, from: number): number {
  const places = words.filter((one) => one !== "").map((one) => text.indexOf(one, from));
  return Math.min(Infinity, ...places.filter((place) => place !== -1));
}

describe("needles", () => {
  it("are found where a search for each one finds the first, in text and in bytes", () => {
    fc.assert(
      fc.property(literals, word(0, 60), fc.nat(10), (words, text, from) => {
        const expected = firstOf(words, text, from);
        const needles = needlesOf(words);
        const found = firstNeedle(needles, text, from);
        expect(found).toBe(expected === Infinity ? -1 : expected);
        expect(firstNeedle(needles, Buffer.from(text), from)).toBe(found);
      }),
    );
  });

  it("are as long as the longest that begins there", () => {
    const needles = needlesOf(["ab", "abcd", "abce"]);
    expect(needleAt(needles, "xabcdx", 1)).toBe(4);
    expect(needleAt(needles, "xabcx", 1)).toBe(2);
    expect(needleAt(needles, "xabc", 0)).toBe(0);
  });

  it("may be longer than any step, and stand at either end", () => {
    const long = "0123456789abcdef".repeat(40);
    const needles = needlesOf([long]);
    expect(firstNeedle(needles, long, 0)).toBe(0);
    expect(firstNeedle(needles, `${"-".repeat(1000)}${long}`, 0)).toBe(1000);
    expect(firstNeedle(needles, long.slice(1), 0)).toBe(-1);
  });
});
