import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEchoFilter } from "../../../src/core/inspect/echo-filter.ts";

const SECRET = "s3cr3t-Zr8kQ1vT";

function run(pieces: readonly Uint8Array[], withheld: readonly string[]) {
  const filter = createEchoFilter(withheld);
  const out = [...pieces.map((piece) => filter.push(piece)), filter.end()];
  return { bytes: Buffer.concat(out), removed: filter.removed };
}

describe("an echo filter", () => {
  it("masks a secret wherever the bytes are cut, and keeps the length", () => {
    const whole = Buffer.from(
      `\0\xff binary ${SECRET} and s3cr3t- and ${SECRET}${SECRET}.`,
      "latin1",
    );
    const masked = whole.toString("latin1").replaceAll(SECRET, "*".repeat(SECRET.length));
    for (let a = 0; a <= whole.length; a += 1) {
      const { bytes, removed } = run([whole.subarray(0, a), whole.subarray(a)], [SECRET]);
      expect(bytes.toString("latin1")).toBe(masked);
      expect(removed).toBe(3);
    }
    const single = run(
      Array.from(whole, (byte) => Uint8Array.of(byte)),
      [SECRET],
    );
    expect(single.bytes.toString("latin1")).toBe(masked);
  });

  it("never lets any of several secrets out of random bytes", () => {
    const secrets = [SECRET, "czNjcjN0", "aaab"];
    const piece = fc.oneof(
      fc.constantFrom(...secrets, "aaa", "s3cr3t"),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 9 }), (parts, step) => {
        const whole = Buffer.from(parts.join(""));
        const pieces = [];
        for (let i = 0; i < whole.length; i += step) pieces.push(whole.subarray(i, i + step));
        const { bytes } = run(pieces, secrets);
        expect(bytes).toHaveLength(whole.length);
        for (const secret of secrets) expect(bytes.includes(secret)).toBe(false);
      }),
    );
  });

  it("holds back no more than the beginning of a secret", () => {
    const filter = createEchoFilter([SECRET]);
    expect(filter.push(Buffer.from("abc s3c"))).toHaveLength(4);
    expect(filter.push(Buffer.from("x"))).toHaveLength(4);
    expect(filter.end()).toHaveLength(0);
  });

  it("hands chunks through by identity when there is nothing to take out", () => {
    const chunk = Buffer.from("plain");
    expect(createEchoFilter([]).push(chunk)).toBe(chunk);
    expect(createEchoFilter([SECRET]).push(chunk)).toBe(chunk);
  });
});
