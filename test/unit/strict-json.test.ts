import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonFault } from "../../src/lib/json-fault.ts";
import { JSON_DEPTH_MAX, parseStrictJson, parseStrictJsonText } from "../../src/lib/strict-json.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string) => parseStrictJson(utf8(text));

describe("parseStrictJson", () => {
  it("reads what JSON.parse reads and hands the text back", () => {
    const text = ' {"a":[1,-2.5e3,true,null],"b":{"a":"x\\"y:\\\\"}, "ключ":"значение"}\n';
    expect(read(text)).toEqual({ kind: "ok", value: JSON.parse(text), text });
  });

  it.each([
    { text: '{"a":1,"a":2}', offset: 7, line: 1, column: 8 },
    { text: '{"a":1,\n "\\u0061":2}', offset: 9, line: 2, column: 2 },
    { text: '[{"x":{"k":1,"j":[],"k":1}}]', offset: 20, line: 1, column: 21 },
    { text: '{"__proto__":1,"__proto__":2}', offset: 15, line: 1, column: 16 },
    { text: '{"":1,"":2}', offset: 6, line: 1, column: 7 },
  ])("refuses the duplicate key in $text and says where", ({ text, ...position }) => {
    expect(read(text)).toEqual({ kind: "problem", message: "duplicate key", ...position });
  });

  it.each([
    [
      '{"a":"\\":\\\\\\":"}',
      '{"a":"b\\\\"}',
      '{"a" \t\r\n : 1}',
      '["a","b"]',
      '{"a":{"a":{"a":1}}}',
    ],
  ])("does not mistake quotes, colons and escapes inside strings for keys", (...texts) => {
    for (const text of texts) expect(read(text)).toMatchObject({ kind: "ok" });
  });

  it("keeps __proto__ an ordinary key", () => {
    const reading = read('{"__proto__":{"polluted":true}}');
    if (reading.kind !== "ok") throw new Error(reading.message);
    expect(Object.keys(reading.value as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it.each([
    { text: "", message: "unexpected end", offset: 0 },
    { text: '{"a":1}x', message: "unexpected text after the value", offset: 7 },
    { text: '\uFEFF{"a":1}', message: "a byte order mark is not JSON", offset: 0 },
    { text: '{"a":NaN}', message: "expected a value", offset: 5 },
    { text: '{"a":1', message: "unexpected end, expected a comma or }", offset: 6 },
    { text: "{'a':1}", message: "expected a key in double quotes", offset: 1 },
    { text: '{"a" 1}', message: "expected a colon", offset: 5 },
    { text: "[1,]", message: "expected a value", offset: 3 },
    { text: '"a\\x"', message: "an invalid escape in a string", offset: 2 },
    { text: '"a\nb"', message: "a control character in a string must be escaped", offset: 2 },
    { text: '{"a":1e999}', message: "a number out of range", offset: 5 },
  ])("refuses $text: $message", ({ text, message, offset }) => {
    expect(read(text)).toMatchObject({ kind: "problem", message, offset });
  });

  it("refuses bytes that are not UTF-8, without a position", () => {
    expect(parseStrictJson(Uint8Array.of(0x22, 0xc3, 0x28, 0x22))).toEqual({
      kind: "problem",
      message: "the body is not valid UTF-8",
      offset: undefined,
      line: undefined,
      column: undefined,
    });
  });

  it("takes nesting up to the limit and no deeper", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(read(nested(JSON_DEPTH_MAX))).toMatchObject({ kind: "ok" });
    expect(read(nested(JSON_DEPTH_MAX + 1))).toMatchObject({ message: "nested too deeply" });
    expect(read(nested(100_000))).toMatchObject({ message: "nested too deeply" });
  });

  it("never quotes the body in its message", () => {
    const secret = "AKIAIOSFODNN7EXAMPLE";
    for (const text of [`{"${secret}":1,"${secret}":2}`, `{"a":${secret}}`, `"${secret}`]) {
      expect(JSON.stringify(read(text))).not.toContain(secret);
    }
  });

  it("accepts every document without duplicates, however it is spaced", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 1, 4), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(parseStrictJsonText(text)).toEqual({ kind: "ok", value: JSON.parse(text), text });
        expect(findJsonFault(text, JSON_DEPTH_MAX)).toBeUndefined();
      }),
    );
  });

  it("finds a fault exactly where JSON.parse fails or a key repeats", () => {
    const piece = fc.constantFrom(
      ...Array.from('{}[]:,"\\ \n01-.eE'),
      "true",
      "null",
      '"a"',
      '"a":',
      '"b":1',
      "\\u0061",
      "\uFEFF",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join("");
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        const fault = findJsonFault(text, JSON_DEPTH_MAX);
        if (!parses) expect(fault).toBeDefined();
        else expect([undefined, "duplicate key"]).toContain(fault?.message);
        expect(parseStrictJsonText(text).kind).toBe(fault === undefined ? "ok" : "problem");
      }),
      { numRuns: 5000 },
    );
  });
});

interface CorpusCase {
  readonly id: string;
  readonly raw_b64?: string;
  readonly gen?: Record<string, string | number>;
  readonly name: string;
  readonly expect: string;
}

const CORPORA =
  process.env["SALLYPORT_CORPORA"] ?? new URL("../../../shared/corpora", import.meta.url).pathname;
const CORPUS = `${CORPORA}/json_parse.jsonl`;

/** See the corpora's README for the four ways to describe a large input. */
function corpusBytes({ raw_b64, gen }: CorpusCase): Uint8Array {
  if (raw_b64 !== undefined) return Buffer.from(raw_b64, "base64");
  const part = (key: string): string => String(gen?.[key] ?? "");
  const count = Number(gen?.["count"] ?? 0);
  if (gen?.["unit_b64"] !== undefined) {
    return Buffer.alloc(Number(gen["total_bytes"]), Buffer.from(part("unit_b64"), "base64"));
  }
  if (gen?.["open"] !== undefined) {
    return Buffer.from(part("open").repeat(count) + part("core") + part("close").repeat(count));
  }
  const each = gen?.["each"] === undefined ? undefined : part("each");
  const middle =
    each === undefined
      ? part("unit").repeat(count)
      : Array.from({ length: count }, (_, i) => each.replaceAll("%d", String(i))).join("");
  return Buffer.from(part("prefix") + middle + part("suffix"));
}

describe.skipIf(!existsSync(CORPUS))("parseStrictJson on the corpus", () => {
  const cases: CorpusCase[] = existsSync(CORPUS)
    ? readFileSync(CORPUS, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
    : [];

  it.each(cases)("$id ($name): $expect", (testCase) => {
    const reading = parseStrictJson(corpusBytes(testCase));
    if (testCase.name === "y_object_duplicated_key") {
      // RFC 8259 leaves duplicates to the reader; two readers that differ are a way round policy.
      expect(reading).toMatchObject({ message: "duplicate key" });
      return;
    }
    if (testCase.expect === "accept") expect(reading).toMatchObject({ kind: "ok" });
    else if (testCase.expect === "reject") expect(reading).toMatchObject({ kind: "problem" });
    else expect(["ok", "problem"]).toContain(reading.kind);
  });
});
