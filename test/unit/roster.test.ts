import fc from "fast-check";
import { expect, test } from "vitest";
import { Roster, type Enrolled } from "../../src/lib/roster.ts";

const member = (): Enrolled => ({ place: -1 });

test("a roster has those who were added and not removed", () => {
  const steps = fc.array(fc.record({ add: fc.boolean(), who: fc.nat(9) }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (plan) => {
      const all = Array.from({ length: 10 }, member);
      const roster = new Roster<Enrolled>();
      const model = new Set<Enrolled>();
      for (const { add, who } of plan) {
        const one = all[who] ?? member();
        if (!add) {
          roster.remove(one);
          model.delete(one);
        } else if (!model.has(one)) {
          roster.add(one);
          model.add(one);
        }
      }
      expect(Array.from(roster).toSorted(byPlace(all))).toEqual(
        Array.from(model).toSorted(byPlace(all)),
      );
    }),
  );
});

test("members may leave while somebody goes through the roster", () => {
  const roster = new Roster<Enrolled>();
  const all = Array.from({ length: 5 }, member);
  for (const one of all) roster.add(one);
  const seen: Enrolled[] = [];
  for (const one of roster) {
    seen.push(one);
    roster.remove(one);
  }
  expect(seen).toEqual(all);
  expect(Array.from(roster)).toEqual([]);
});

function byPlace(all: readonly Enrolled[]): (a: Enrolled, b: Enrolled) => number {
  return (a, b) => all.indexOf(a) - all.indexOf(b);
}
