import { expect, it } from "vitest";
import { closest } from "../../src/lib/closest.ts";

it.each([
  ["lisen", "listen"],
  ["prot", "port"],
  ["UPSTREAM", "upstreams"],
  ["zzz", undefined],
  ["x".repeat(65), undefined],
])("%s is taken for %s", (word, meant) => {
  expect(closest(word, ["listen", "port", "upstreams", "x".repeat(64)])).toBe(meant);
});
