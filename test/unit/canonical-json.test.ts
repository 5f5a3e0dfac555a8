import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, digestOf, sha256Hex } from "../../src/lib/canonical-json.ts";

/** Keys sorted by UTF-16 units all the way down, the slow and plain way. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const out = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    out[key] = sorted((value as Record<string, unknown>)[key]);
  }
  return out;
}

/** Integer-like keys come first in JavaScript objects whatever was inserted first. */
const noIndexKeys = fc.jsonValue().filter((value) => !/"\d+":/u.test(JSON.stringify(value)));

describe("canonicalJson", () => {
  it("gives the text of RFC 8785 §3.2.2 and §3.2.3", () => {
    const value: unknown = JSON.parse(`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`);
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it("sorts keys by UTF-16 code units, as RFC 8785 §3.2.3 does", () => {
    const value: unknown = JSON.parse(
      '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh",' +
        '"1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control",' +
        '"\\u00f6":"Latin Small Letter O With Diaeresis"}',
    );
    expect([...canonicalJson(value).matchAll(/:"([^"]+)"/gu)].map(([, text]) => text)).toEqual([
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  it.each([
    [0, "0"],
    [-0, "0"],
    [5e-324, "5e-324"],
    [-5e-324, "-5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [9007199254740992, "9007199254740992"],
    [295147905179352830000, "295147905179352830000"],
    [9.999999999999997e22, "9.999999999999997e+22"],
    [1e23, "1e+23"],
    [999999999999999700000, "999999999999999700000"],
    [1e21, "1e+21"],
    [0.000001, "0.000001"],
    [1e-7, "1e-7"],
    [333333333.3333332, "333333333.3333332"],
    [-0.0000033333333333333333, "-0.0000033333333333333333"],
    [Number("1424953923781206.2"), "1424953923781206.2"],
  ])("writes the number %d of RFC 8785 appendix B as %s", (number, text) => {
    expect(canonicalJson(number)).toBe(text);
  });

  it("orders keys that JavaScript would enumerate as integers first", () => {
    expect(canonicalJson({ b: 1, 10: 1, 9: 1, a: { 2: 1, 11: 1 } })).toBe(
      '{"10":1,"9":1,"a":{"11":1,"2":1},"b":1}',
    );
  });

  it("is what JSON.stringify says of the sorted value, whatever the value", () => {
    fc.assert(
      fc.property(noIndexKeys, (value) => {
        expect(canonicalJson(value)).toBe(JSON.stringify(sorted(value)));
      }),
    );
  });

  it("does not depend on the order of keys, and is its own fixed point", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("tells strings with different lone surrogates apart", () => {
    expect(canonicalJson("\ud800")).toBe(String.raw`"\ud800"`);
    expect(canonicalJson("\udfff")).toBe(String.raw`"\udfff"`);
  });

  it("leaves out members that are undefined, wherever they stand", () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
    expect(canonicalJson({ z: 1, b: undefined, a: undefined })).toBe('{"z":1}');
    expect(canonicalJson({ a: undefined })).toBe("{}");
  });

  it("keeps a member called __proto__ or toJSON", () => {
    expect(canonicalJson(JSON.parse('{"toJSON":1,"__proto__":{"b":1,"a":2}}'))).toBe(
      '{"__proto__":{"a":2,"b":1},"toJSON":1}',
    );
  });

  it("follows any depth", () => {
    const depth = 200_000;
    const arrays = "[".repeat(depth) + "]".repeat(depth);
    expect(canonicalJson(JSON.parse(arrays))).toBe(arrays);
    const objects = '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
    expect(canonicalJson(JSON.parse(objects))).toBe(objects);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, Symbol("s"), (): void => {}])(
    "refuses %s, in order and out of it",
    (value) => {
      expect(() => canonicalJson({ a: value })).toThrow(TypeError);
      expect(() => canonicalJson({ b: 1, a: [value] })).toThrow(TypeError);
    },
  );
});

describe("digestOf", () => {
  it("is the SHA-256 of the canonical text in UTF-8", () => {
    const expected = createHash("sha256").update('{"a":"€","b":1}', "utf8").digest("hex");
    expect(digestOf({ b: 1, a: "€" })).toBe(expected);
  });
});

describe("sha256Hex", () => {
  it("takes bytes and text alike", () => {
    expect(sha256Hex("abc")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(sha256Hex(Buffer.from("abc"))).toBe(sha256Hex("abc"));
  });
});
