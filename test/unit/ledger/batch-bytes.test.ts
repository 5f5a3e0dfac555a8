import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchBytes } from "../../../src/stores/ledger/batch-bytes.ts";

test("each text becomes its own UTF-8, whatever was written before it", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 200 })), (texts) => {
      const bytes = new BatchBytes();
      for (const text of texts) expect(Buffer.from(bytes.of(text))).toEqual(Buffer.from(text));
    }),
  );
});

test("a text that may not fit the kept buffer is whole all the same", () => {
  const bytes = new BatchBytes();
  for (const text of ["ab".repeat(400_000), "€".repeat(174_762), "€".repeat(174_763), "a"]) {
    expect(Buffer.from(bytes.of(text)).equals(Buffer.from(text))).toBe(true);
  }
});
