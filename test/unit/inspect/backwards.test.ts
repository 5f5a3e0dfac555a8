/** What is written backwards keeps its place, and its characters stay whole. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backwards, backwardsBoth } from "../../../src/core/inspect/layers/backwards.ts";
import { asShown } from "../../../src/core/inspect/layers/overrides.ts";

const SIGNS = Array.from("ab \t\n\u00a0\u2003\u3000\ufeff\u0085\u202e\u202c文\u{1f600}");
const text = fc.array(fc.constantFrom(...SIGNS), { maxLength: 60 }).map((signs) => signs.join(""));

const turned = (stored: string): string => Array.from(stored).toReversed().join("");

describe("backwards", () => {
  it("is each word where it stands, and the whole", () => {
    fc.assert(
      fc.property(text, (stored) => {
        expect(backwards(stored)).toBe(turned(stored));
        const words = stored.replaceAll(/\S+/g, turned);
        expect(backwardsBoth(stored)).toBe(`${words}\n${turned(stored)}`);
      }),
    );
  });

  it("is shown up to where it is taken back, or the end of the line", () => {
    fc.assert(
      fc.property(text, (stored) => {
        const shown = stored.replaceAll(
          /\u202e([^\u202c\n]*)/g,
          (_, hidden: string) => `\u200e${turned(hidden)}`,
        );
        expect(asShown(stored)).toBe(shown);
      }),
    );
  });
});
