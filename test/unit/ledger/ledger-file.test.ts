import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { openLedgerFile } from "../../../src/stores/ledger/ledger-file.ts";
import { BLOCK_BYTES, wholeBlocks } from "../../../src/stores/ledger/ledger-layout.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-file-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
const newPath = (): string => join(directory, `${(files += 1)}`);

const bytesOf = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => 1 + ((seed + at * 7) % 251)));

type Step =
  | { readonly kind: "write" | "write_now"; readonly length: number }
  /** A write, and so many blocks of zeros behind it meanwhile. */
  | { readonly kind: "zero"; readonly length: number; readonly blocks: number }
  | { readonly kind: "reopen" | "cut" };

/** Around blocks and pieces, where something could go wrong. */
const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 3 * BLOCK_BYTES }) },
  { weight: 2, arbitrary: fc.constantFrom(BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1) },
  { weight: 1, arbitrary: fc.integer({ min: 255 * 1024, max: 520 * 1024 }) },
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom("write" as const, "write_now" as const), length }),
    fc.record({
      kind: fc.constant("zero" as const),
      length,
      blocks: fc.integer({ min: 1, max: 300 }),
    }),
    fc.record({ kind: fc.constantFrom("reopen" as const, "cut" as const) }),
  ),
  { minLength: 1, maxLength: 12 },
);

it("holds what was written one behind the other, and zeros behind it", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const path = newPath();
      let file = await openLedgerFile(path);
      let expected = Buffer.alloc(0);
      for (const step of taken) {
        switch (step.kind) {
          case "write":
          case "write_now":
          case "zero": {
            const bytes = bytesOf(step.length, expected.length);
            const end = wholeBlocks(expected.length + bytes.length);
            if (step.kind === "write_now") file.writeNow(bytes, expected.length);
            else {
              const zeroed = step.kind === "zero" && file.zero(end, step.blocks * BLOCK_BYTES);
              await Promise.all([file.write(bytes, expected.length), zeroed]);
            }
            expected = Buffer.concat([expected, bytes]);
            break;
          }
          case "reopen":
            await file.close();
            file = await openLedgerFile(path);
            break;
          case "cut":
            expected = expected.subarray(0, expected.length / 2);
            await file.truncate(expected.length);
            break;
        }
        const found = readFileSync(path);
        expect(found.subarray(0, expected.length).equals(expected)).toBe(true);
        const behind = found.subarray(expected.length);
        expect(behind.equals(Buffer.alloc(behind.length))).toBe(true);
      }
      await file.close();
      rmSync(path);
    }),
    { numRuns: 40 },
  );
});

it("writes over a part that was written before, and keeps what stands before it", async () => {
  const file = await openLedgerFile(newPath());
  await file.write(bytesOf(5000, 1), 0);
  await file.write(bytesOf(3000, 2), 5000);
  await file.write(bytesOf(100, 3), 4500);
  await file.close();
  const expected = Buffer.concat([bytesOf(5000, 1).subarray(0, 4500), bytesOf(100, 3)]);
  const found = readFileSync(join(directory, `${files}`));
  expect(found.subarray(0, 4600).equals(expected)).toBe(true);
});

it.skipIf(process.platform !== "linux")(
  "goes by way of the page cache where there is no way past it",
  async () => {
    // A device that knows no O_DIRECT, and whose writes say what became of them.
    const full = await openLedgerFile("/dev/full");
    await expect(full.write(bytesOf(10, 1), 0)).rejects.toMatchObject({ code: "ENOSPC" });
    expect(() => full.writeNow(bytesOf(10, 1), 0)).toThrow("ENOSPC");
    await expect(full.zero(0, BLOCK_BYTES)).rejects.toMatchObject({ code: "ENOSPC" });
    await full.close();
  },
);
