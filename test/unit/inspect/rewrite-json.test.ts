import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rewriteJson } from "../../../src/core/inspect/rewrite-json.ts";
import { scanJson } from "../../../src/core/inspect/scan-json.ts";
import type { JsonValue } from "../../../src/core/json.ts";
import { looking } from "./inspections.ts";

const rules = looking(["pii"], "redact", 60);
const parse = (text: string): JsonValue => JSON.parse(text) as JsonValue;
const left = (text: string): string => rewriteJson(text, scanJson(rules, parse(text), []).value);

describe("a JSON text of which something is taken out", () => {
  it("keeps the digits of every number and all that stands between", () => {
    const text =
      '{ "id": 12345678901234567890, "p": 1.50, "to": ["jane@example.com", 1e2],\n "a/b~c": {"d": "x jane@example.com"}, "card_number": 4111111111111111 }';
    expect(left(text)).toBe(
      text.replaceAll("jane@example.com", "[email]").replace("4111111111111111", '"[card]"'),
    );
  });

  it("is written anew where a name changes", () => {
    expect(left('{ "jane@example.com": 1.50 }')).toBe('{"[email]":1.5}');
  });

  it("says what is left, whatever was in it", () => {
    const part = fc.oneof(
      fc.string(),
      fc.constant("to jane@example.com"),
      fc.constant("4111111111111111"),
    );
    const value = fc.jsonValue({ stringUnit: "grapheme" });
    fc.assert(
      fc.property(value, fc.dictionary(part, part), fc.array(part), (any, object, list) => {
        const text = JSON.stringify({ any, object, list }, undefined, 1);
        const { value: wanted } = scanJson(rules, parse(text), []);
        expect(parse(rewriteJson(text, wanted))).toEqual(parse(JSON.stringify(wanted)));
      }),
    );
  });
});
