import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_LISTS } from "../../../src/core/destination/assess-destination.ts";
import {
  nextSight,
  nextUnit,
  sightWithin,
  type Sight,
} from "../../../src/core/inspect/next-sight.ts";

const WHAT = /ab\s?[(.]|c{2,4}/g;

function viewOf(text: string, base: number, sights: Map<object, Sight>) {
  const map = { at: [], delta: [] };
  const named = { read: 0, place: -1, isRead: false };
  const intricate = { ...named, work: 0 };
  const original = { written: "", writtenFrom: 0, base, map, sights, depth: 0, intricate, named };
  return {
    text,
    stop: text.length,
    final: true,
    label: "",
    original,
    lists: NO_LISTS,
    leaves: true,
  };
}

describe("nextSight", () => {
  const texts = fc
    .array(fc.constantFrom("a", "b", "ab(", "ab .", "cc", "c", " ", "x".repeat(900)), {
      maxLength: 40,
    })
    .map((parts) => parts.join(""));

  it("says what a search of each stretch would say, in whatever order it is asked", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(4000), { maxLength: 20 }), (text, places) => {
        const sights = new Map<object, Sight>();
        for (const place of places) {
          const from = Math.min(place, text.length);
          const limit = Math.min(text.length, from + 192);
          const next = text.slice(from).search(new RegExp(WHAT.source));
          const wanted = next < 0 || from + next >= limit ? limit : from + next;
          expect(nextSight(viewOf(text, 0, sights), WHAT, from, limit)).toBe(wanted);
        }
      }),
    );
  });

  it("sees what only more text completes, also when the beginning is gone", () => {
    const sights = new Map<object, Sight>();
    const text = `${"x".repeat(300)}ab`;
    expect(nextSight(viewOf(text, 0, sights), WHAT, 290, 302)).toBe(302);
    const later = `${"x".repeat(100)}ab (tail`;
    expect(nextSight(viewOf(later, 200, sights), WHAT, 95, 108)).toBe(100);
  });
});

describe("sightWithin and nextUnit", () => {
  const texts = fc
    .array(fc.constantFrom("a", "b", "ab(", "ab .", "cc", "c", " ", "}", "x".repeat(90)), {
      maxLength: 40,
    })
    .map((parts) => parts.join(""));
  const stops = Uint8Array.from({ length: 128 }, (_, unit) => (unit === 0x7d ? 1 : 0));

  it("say what is on the way to the next stop, in whatever order they are asked", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(1500), { maxLength: 20 }), (text, places) => {
        const sights = new Map<object, Sight>();
        for (const place of places) {
          const from = Math.min(place, text.length);
          const limit = Math.min(text.length, from + 192);
          const stop = text.slice(from, limit).indexOf("}");
          const end = stop < 0 ? limit : from + stop;
          const view = viewOf(text, 0, sights);
          expect(nextUnit(view, stops, from, limit)).toBe(end);
          const next = text.slice(from, end + 1).search(new RegExp(WHAT.source));
          const wanted = next < 0 || from + next >= end ? end : from + next;
          expect(sightWithin(view, WHAT, from, end)).toBe(wanted);
        }
      }),
    );
  });
});
