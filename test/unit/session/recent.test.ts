import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Recent } from "../../../src/stores/memory/recent.ts";

const MOST = 3;
const keys = fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 40 });

describe("what was used last", () => {
  it("is kept, and what was quiet longest is made anew", () => {
    fc.assert(
      fc.property(keys, (used) => {
        let made = 0;
        const recent = new Recent(MOST, () => ({ number: (made += 1) }));
        const model = new Map<string, number>();
        let expected = 0;
        for (const key of used) {
          const known = model.get(key) ?? (expected += 1);
          model.delete(key);
          model.set(key, known);
          const [oldest] = model.keys();
          if (model.size > MOST && oldest !== undefined) model.delete(oldest);
          expect(recent.of(key).number).toBe(known);
          expect(recent.size).toBe(model.size);
        }
        for (const key of ["a", "b", "c", "d", "e"]) {
          expect(recent.known(key)?.number).toBe(model.get(key));
        }
      }),
    );
  });
});
