import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pathPattern } from "../../../src/core/secret/path-pattern.ts";

describe("pathPattern", () => {
  it.each([
    ["/v1/models", "/v1/models", true],
    ["/v1/models", "/v1/models/", false],
    ["/v1/models", "/V1/models", false],
    ["/v1/**", "/v1/chat/completions", true],
    ["/v1/**", "/v1/", true],
    ["/v1/**", "/v1", false],
    ["/v1/**", "/v10/chat", false],
    ["/**", "/anything/at/all", true],
    ["/repos/*/issues", "/repos/octo/issues", true],
    ["/repos/*/issues", "/repos/octo/cat/issues", false],
    ["/repos/*/issues", "/repos//issues", true],
    ["/repos/**/issues", "/repos/octo/cat/issues", true],
    ["/repos/**/issues/*", "/repos/issues/7/issues/8", true],
    ["/repos/**/issues/*", "/repos/issues/7/issues/8/comments", false],
    ["/a*b*c", "/aXbYbZc", true],
    ["/a*b*c", "/aXbY/c", false],
    ["/v*/models", "/v1beta/models", true],
    ["/a.c", "/abc", false],
    ["/***", "/a/b", true],
    ["/*", "/%2F..", true],
  ])("%s on %s: %s", (pattern, path, expected) => {
    expect(pathPattern(pattern)(path)).toBe(expected);
  });

  it("agrees with the regular expression it stands for", () => {
    const char = fc.constantFrom("a", "b", "/", "*");
    fc.assert(
      fc.property(
        fc.array(char, { maxLength: 8 }),
        fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 12 }),
        (glob, rest) => {
          const pattern = `/${glob.join("")}`;
          const path = `/${rest.join("")}`;
          const source = pattern
            .replaceAll(/\*{2,}/gu, "\0")
            .replaceAll("*", "[^/]*")
            .replaceAll("\0", ".*");
          expect(pathPattern(pattern)(path)).toBe(new RegExp(`^${source}$`, "u").test(path));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("answers a hostile path against a hostile pattern", () => {
    const pattern = pathPattern(`/${"*a".repeat(200)}b`);
    expect(pattern(`/${"a".repeat(10_000)}`)).toBe(false);
  });
});
