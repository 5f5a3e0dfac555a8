import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePath, readJsonPath } from "../../../src/core/policy/json-path.ts";

const STRUCTURAL = ["{", "}", "[", "]", '"', ":", ",", "a", "\\", " ", "1"];

describe("paths into the request's text", () => {
  it("read what JSON.parse would give, at every place of every value", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.integer({ min: 0, max: 4 }),
        (value, indent) => {
          const text = JSON.stringify(value, undefined, indent);
          // The text is the reference: what JSON cannot say (-0) is lost before we read it.
          for (const { path, found } of placesOf(JSON.parse(text))) {
            const raw = readJsonPath(text, path);
            expect(raw === undefined ? undefined : JSON.parse(raw)).toEqual(found);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("keep every digit as it was written", () => {
    expect(readJsonPath('{"a":{"b":[1, 49.9900 ]}}', ["a", "b", 1])).toBe("49.9900");
    expect(readJsonPath('{"a":"4\\"9"}', ["a"])).toBe('"4\\"9"');
  });

  it.each([
    ['{"a":1}', ["b"]],
    ['{"a":[1]}', ["a", 1]],
    ["[]", [0]],
    ['{"a":1}', ["a", "b"]],
    ["", ["a"]],
    ['{"a"', ["a"]],
    ['{"a":', ["a"]],
    ['{"a":"', ["a"]],
    ["{]", ["a"]],
  ])("find nothing in %s at %j", (text, path) => {
    expect(readJsonPath(text, path)).toBeUndefined();
  });

  it("never throw or hang on text that is no JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...STRUCTURAL) }), (text) => {
        readJsonPath(text, ["a", 0, "a"]);
      }),
      { numRuns: 2000 },
    );
    expect(readJsonPath("[".repeat(1_000_000), [0, 0])).toBeUndefined();
  });

  it.each([
    ["args.amount", ["args", "amount"]],
    ["args.items[0].price", ["args", "items", 0, "price"]],
    ['args["a b"].c', ["args", "a b", "c"]],
    ["args", undefined],
    ["args.", undefined],
    [".args.x", undefined],
    ["args..x", undefined],
    ["args.x + 1", undefined],
    ["args.items[-1]", undefined],
  ])("are written as %s", (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });
});

function placesOf(
  value: unknown,
  path: readonly (string | number)[] = [],
): { path: readonly (string | number)[]; found: unknown }[] {
  const here = [{ path, found: value }];
  if (Array.isArray(value)) {
    return [...here, ...value.flatMap((item, i) => placesOf(item, [...path, i]))];
  }
  if (typeof value !== "object" || value === null) return here;
  return [
    ...here,
    ...Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key])),
  ];
}
