import { describe, expect, it } from "vitest";
import { printable } from "../../src/lib/printable.ts";

describe("printable text", () => {
  it.each([
    ["\u001b[2J", "\\u{1b}[2J"],
    ["a\nb", "a\\u{a}b"],
    ["\u009b2J", "\\u{9b}2J"],
    ["\u202eabc", "\\u{202e}abc"],
    ["Grüße, 文件", "Grüße, 文件"],
  ])("of %j is %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});
