import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BRANDS,
  brandsIn,
  brandsSeenIn,
  mayShowBrand,
  tokenOf,
  type Token,
} from "../../../src/core/destination/known-brands.ts";
import { HONEST_NAMES } from "../../../src/core/destination/honest-names.ts";
import { misspelt } from "../../../src/core/destination/misspelt.ts";
import { countsOf, editsBetween, skeletonOf } from "../../../src/core/destination/skeleton.ts";
import { editDistance } from "../../../src/lib/edit-distance.ts";
import { keptByName } from "../../../src/core/destination/kept-by-name.ts";

const around = fc.stringMatching(/^[a-z\d-]{0,8}$/);

describe("brands at a glance", () => {
  it("are all met wherever they stand, as they are written, unless open, and as they look", () => {
    fc.assert(
      fc.property(fc.constantFrom(...BRANDS), around, around, (brand, before, behind) => {
        const written = brandsIn(`${before}${brand.name}${behind}`);
        if (brand.open) expect(written).not.toContain(brand);
        else expect(written).toContain(brand);
        expect(brandsSeenIn(`${before}${brand.skeleton}${behind}`)).toContain(brand);
      }),
      { numRuns: 1000, seed: 20_261_121 },
    );
  });

  it("are never ruled out where a name shows one, however its letters are drawn", () => {
    const drawn = fc.constantFrom(["m", "rn"], ["m", "nn"], ["d", "cl"], ["o", "0"], ["l", "1"]);
    fc.assert(
      fc.property(
        fc.constantFrom(...BRANDS),
        fc.stringMatching(/^[a-z\d.-]{0,8}$/),
        fc.stringMatching(/^[crnvl1]{0,4}$/),
        drawn,
        ({ name }, before, behind, [from = "", to = ""]) => {
          const shown = `${before}${name.replaceAll(from, to)}${behind}`;
          if (brandsSeenIn(skeletonOf(shown)).length > 0) expect(mayShowBrand(shown)).toBe(true);
        },
      ),
      { numRuns: 3000, seed: 20_261_121 },
    );
    expect(mayShowBrand("jolly-wizard")).toBe(false);
  });

  it("are none in words that begin like no brand", () => {
    expect(brandsIn("jolly-wizard")).toEqual([]);
    expect(brandsIn("")).toEqual([]);
  });
});

describe("a misspelt name", () => {
  /** By comparing with every brand. */
  const isNear = (token: Token): boolean =>
    BRANDS.some(({ name, skeleton, common }) => {
      const { length } = name;
      if (length < 6 || common || Math.abs(length - token.name.length) > 1) return false;
      return editDistance(token.skeleton, skeleton) === 1;
    });

  it("is told for every brand and any one edit that shows", () => {
    const edited = fc
      .tuple(
        fc.constantFrom(...BRANDS),
        fc.nat(20),
        fc.constantFrom(..."aeimnrst1-".split("")),
        fc.nat(3),
      )
      .map(([{ name }, place, unit, kind]) => {
        const at = place % name.length;
        const rest = name.slice(at + 1);
        if (kind === 0) return name.slice(0, at) + rest;
        if (kind === 1) return name.slice(0, at) + unit + name.slice(at);
        if (kind === 2) return name.slice(0, at) + unit + rest;
        return name.slice(0, at) + rest.charAt(0) + name.charAt(at) + rest.slice(1);
      });
    fc.assert(
      fc.property(edited, (name) => {
        const token = tokenOf(name);
        const isBrand = BRANDS.some((brand) => brand.name === name);
        if (!isBrand && !HONEST_NAMES.has(name) && isNear(token))
          expect(misspelt(token)).toBeGreaterThan(0);
      }),
      { numRuns: 3000, seed: 20_261_121 },
    );
  });
});

describe("edits told by letters alone", () => {
  const name = fc.stringMatching(/^[a-e1-]{0,12}$/);

  it("are never more than there are", () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const least = editsBetween(one, countsOf(other), other.length);
        expect(least).toBeLessThanOrEqual(editDistance(one, other));
      }),
      { numRuns: 1000, seed: 20_261_121 },
    );
    expect(editsBetween("paypal", countsOf("google"), 6)).toBe(5);
  });
});

describe("what is kept by name", () => {
  it("is had by that name alone, and forgotten for newer names at the latest", () => {
    const kept = keptByName<number>();
    const names = Array.from({ length: 4096 }, (_, i) => `host-${i}.example`);
    for (const [i, name] of names.entries()) {
      expect(kept.get(name)).toBeUndefined();
      kept.keep(name, i);
      expect(kept.get(name)).toBe(i);
    }
    const left = names.filter((name) => kept.get(name) !== undefined);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThanOrEqual(512);
    for (const name of left) expect(kept.get(name)).toBe(names.indexOf(name));
  });
});
