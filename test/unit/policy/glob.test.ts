import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  globCovers,
  globsMeet,
  matchesAnyPath,
  matchesName,
  nameGlob,
  pathGlob,
} from "../../../src/core/policy/glob.ts";

/** Too slow to ship, too plain to be wrong. */
function naive(glob: string, text: string): boolean {
  if (glob === "") return text === "";
  if (glob[0] !== "*") return glob[0] === text[0] && naive(glob.slice(1), text.slice(1));
  for (let i = 0; i <= text.length; i += 1) {
    if (naive(glob.slice(1), text.slice(i))) return true;
  }
  return false;
}

const letters = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
const globText = fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), maxLength: 7 });

describe("globs of names", () => {
  it("match what the definition says", () => {
    fc.assert(
      fc.property(globText, letters, (glob, text) => {
        expect(matchesName(nameGlob(glob), text)).toBe(naive(glob, text));
      }),
      { numRuns: 2000 },
    );
  });

  it("meet exactly where some text matches both", () => {
    fc.assert(
      fc.property(globText, globText, letters, (a, b, text) => {
        const both = naive(a, text) && naive(b, text);
        if (both) expect(globsMeet(nameGlob(a), nameGlob(b))).toBe(true);
        expect(globsMeet(nameGlob(a), nameGlob(b))).toBe(globsMeet(nameGlob(b), nameGlob(a)));
      }),
      { numRuns: 2000 },
    );
    expect(globsMeet(nameGlob("support-*"), nameGlob("support-bot"))).toBe(true);
    expect(globsMeet(nameGlob("a*c"), nameGlob("*b"))).toBe(false);
    expect(globsMeet(nameGlob("a*"), nameGlob("*b"))).toBe(true);
    expect(globsMeet(nameGlob("abc"), nameGlob("abd"))).toBe(false);
  });

  it("cover only what they match whole", () => {
    fc.assert(
      fc.property(globText, globText, letters, (a, b, text) => {
        if (globCovers(nameGlob(a), nameGlob(b)) && naive(b, text)) {
          expect(naive(a, text)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("take a hostile text in one pass", () => {
    const glob = nameGlob(`${"a*".repeat(100)}b`);
    expect(matchesName(glob, "a".repeat(1_000_000))).toBe(false);
  });
});

describe("globs of paths", () => {
  it.each([
    ["/repos/**", "/repos/a/b", true],
    ["/repos/**", "/repos", true],
    ["/repos/**", "/repository", false],
    ["/repos/*", "/repos/a", true],
    ["/repos/*", "/repos/a/b", false],
    ["/repos/*", "/repos/", false],
    ["/repos/*/issues", "/repos/a/issues", true],
    ["/repos/**/issues", "/repos/a/b/c/issues", true],
    ["/repos/**/issues", "/repos/issues", true],
    ["/repos/**/a/**/b", "/repos/x/a/y/a/z/b", true],
    ["/repos/**/a/**/b", "/repos/x/b/a", false],
    ["/v1/file-*", "/v1/file-1", true],
    ["/v1/file-*", "/v1/file-1/x", false],
    ["**", "/anything/at/all", true],
    ["/", "/", true],
    ["/a", "/a/", false],
  ])("%s on %s is %s", (glob, path, matches) => {
    expect(matchesAnyPath([pathGlob(glob)], path)).toBe(matches);
  });

  it("match what the definition says", () => {
    const segment = fc.constantFrom("a", "b", "*");
    const globs = fc.array(fc.oneof(segment, fc.constant("**")), { minLength: 1, maxLength: 6 });
    const paths = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 7 });
    const slow = (glob: readonly string[], path: readonly string[]): boolean => {
      const [first, ...rest] = glob;
      if (first === undefined) return path.length === 0;
      if (first !== "**") {
        const fits = path.length > 0 && (first === "*" || first === path[0]);
        return fits && slow(rest, path.slice(1));
      }
      return path.concat("").some((_, i) => slow(rest, path.slice(i)));
    };
    fc.assert(
      fc.property(globs, paths, (glob, path) => {
        const fast = matchesAnyPath([pathGlob(`/${glob.join("/")}`)], `/${path.join("/")}`);
        expect(fast).toBe(slow(glob, path));
      }),
      { numRuns: 3000 },
    );
  });
});
