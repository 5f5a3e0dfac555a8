import fc from "fast-check";
import { expect, it } from "vitest";
import { keepRecent } from "../../src/lib/keep-recent.ts";

it("keeps what was put last, and no more than so many", () => {
  const puts = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.nat()), { maxLength: 60 });
  fc.assert(
    fc.property(puts, fc.integer({ min: 1, max: 5 }), (all, most) => {
      const map = new Map<number, number>();
      for (const [key, value] of all) keepRecent(map, key, value, most);
      const lastPutsFirst = all.toReversed();
      const recent = [...new Set(lastPutsFirst.map(([key]) => key))].slice(0, most);
      expect([...map.keys()]).toEqual(recent.toReversed());
      for (const key of recent) {
        expect(map.get(key)).toBe(lastPutsFirst.find(([put]) => put === key)?.[1]);
      }
    }),
  );
});
