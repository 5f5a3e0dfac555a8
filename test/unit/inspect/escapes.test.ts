import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextEscape, unescape } from "../../../src/core/inspect/layers/escapes.ts";

const ESCAPES = ["%41", "&lt;", "&#65;", "&#x41;", "\\u0041", "\\x41", "=3D", "=20a", "=\n"];
const QUIET = fc.stringMatching(/^[a-z=&%\\ ]*$/).filter((text) => nextEscape(text, 0) < 0);

describe("nextEscape", () => {
  it("finds the nearest escape, whatever its sign and however far it is", () => {
    fc.assert(
      fc.property(
        QUIET,
        fc.nat({ max: 3000 }),
        fc.constantFrom(...ESCAPES),
        (before, distance, escape) => {
          const text = `${before} ${"x".repeat(distance)} ${escape} and %42 &gt; behind it`;
          expect(nextEscape(text, 0)).toBe(before.length + distance + 2);
        },
      ),
    );
  });

  it.each(["status=200 and", "?year=2026&", "since=20260301 to"])(
    "takes the number in %s for one",
    (text) => {
      expect(nextEscape(text, 0)).toBe(-1);
    },
  );

  it.each(["Ignore=20all", "card=204111111111111111", "a=20 b", "the end=20"])(
    "takes the space in %s for one",
    (text) => {
      expect(nextEscape(text, 0)).toBe(text.indexOf("="));
    },
  );
});

describe("unescape", () => {
  it.each([
    ["&#105;&#X69;&#x000069;", "iii"],
    ["&lt;&LT;&colon;", "<<:"],
    ["&#;&#x;&#xyz;&#1a;&none;", "&#;&#x;&#xyz;&#1a;&none;"],
    ["&#65536;&#xffff;", "&#65536;\uffff"],
    ["%C3%A9%e4%bd%a0", "é你"],
    ["%c3%28 é", "\u00c3( é"],
  ])("writes %s as %s", (text, plain) => {
    expect(unescape(text, 0, text.length).text).toBe(plain);
  });
});
