import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { percentDecoded } from "../../../src/core/destination/percent-decoded.ts";

/** The same, by errors. */
function decodedOrAsIs(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

describe("percentDecoded", () => {
  it("gives what the language gives, and the text itself where that refuses", () => {
    const pieces = ["%41", "%c3%a9", "%c3", "%ED%A0%80", "%e0%80%80", "%ff", "%", "%4", "%zz", "a"];
    const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 8 });
    fc.assert(
      fc.property(texts, (some) => {
        const text = some.join("");
        expect(percentDecoded(text)).toBe(decodedOrAsIs(text));
      }),
    );
  });
});
