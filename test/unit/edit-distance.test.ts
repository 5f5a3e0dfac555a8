import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance } from "../../src/lib/edit-distance.ts";

describe("editDistance", () => {
  it.each([
    ["paypal", "paypal", 0],
    ["paypal", "payppal", 1],
    ["paypal", "papyal", 1],
    ["paypal", "pypall", 2],
    ["", "abc", 3],
    ["ca", "abc", 3],
  ])("of %s and %s is %d", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });

  it("is told exactly up to what is asked for, and as more past it", () => {
    const words = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 80 });
    fc.assert(
      fc.property(words, words, fc.nat({ max: 6 }), (a, b, most) => {
        const exact = editDistance(a, b);
        const told = editDistance(a, b, most);
        if (exact <= most) expect(told).toBe(exact);
        else expect(told).toBeGreaterThan(most);
      }),
    );
  });
});
