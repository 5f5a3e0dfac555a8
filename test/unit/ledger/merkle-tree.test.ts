import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendDigest,
  appendLeaf,
  consistencyPath,
  frontierOf,
  frontierRoot,
  inclusionPath,
  isConsistent,
  leafHash,
  newFrontier,
  peaksOf,
  rootFromInclusion,
  rootOfLeaves,
} from "../../../src/core/ledger/merkle-tree.ts";
import type { Digest } from "../../../src/core/units.ts";
import { sha256Hex } from "../../../src/lib/canonical-json.ts";

/** Inputs and roots of the reference implementation of certificate transparency. */
const ENTRIES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const leaves = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, at) => leafHash(Buffer.from(`entry ${at}`)));
const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");
const sizes = fc.integer({ min: 1, max: 70 });

describe("the tree of RFC 9162", () => {
  it("has the roots of the reference implementation", () => {
    const all = ENTRIES.map((entry) => leafHash(Buffer.from(entry, "hex")));
    expect(ROOTS.map((_, size) => hex(rootOfLeaves(all.slice(0, size))))).toEqual(ROOTS);
  });

  it("grows leaf by leaf into the same root", () => {
    const frontier = newFrontier();
    for (const [at, leaf] of leaves(70).entries()) {
      appendLeaf(frontier, leaf);
      expect(hex(frontierRoot(frontier))).toBe(hex(rootOfLeaves(leaves(at + 1))));
    }
  });

  it("grows by digests as by their leaves, and goes on from its peaks", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70 }), sizes, (before, more) => {
        const entries = Array.from({ length: before + more }, (_, at) =>
          sha256Hex<Digest>(`${at}`),
        );
        const all = entries.map((entry) => leafHash(Buffer.from(entry, "hex")));
        const grown = newFrontier();
        for (const entry of entries.slice(0, before)) appendDigest(grown, entry);
        const peaks = peaksOf(grown);
        expect(frontierOf(before, [...peaks, ...peaks.slice(0, 1)]) === undefined).toBe(before > 0);
        const frontier = frontierOf(before, peaks);
        if (frontier === undefined) throw new Error("these are its peaks");
        for (const entry of entries.slice(before)) appendDigest(frontier, entry);
        expect(hex(frontierRoot(frontier))).toBe(hex(rootOfLeaves(all)));
        expect(frontier.size).toBe(before + more);
      }),
    );
  });

  it("proves every entry, and no other place, size or path does", () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, seed, other) => {
        const all = leaves(size);
        const index = seed % size;
        const leaf = all[index] ?? new Uint8Array();
        const path = inclusionPath(all, index);
        const root = hex(rootOfLeaves(all));
        expect(hex(rootFromInclusion(leaf, index, size, path))).toBe(root);
        const wrong = other % size;
        if (wrong !== index) {
          expect(hex(rootFromInclusion(leaf, wrong, size, path))).not.toBe(root);
          expect(hex(rootFromInclusion(all[wrong] ?? leaf, index, size, path))).not.toBe(root);
        }
        expect(rootFromInclusion(leaf, index, size, [...path, leaf])).toBeUndefined();
        if (path.length > 0) {
          expect(hex(rootFromInclusion(leaf, index, size, path.slice(1)))).not.toBe(root);
        }
      }),
    );
  });

  it("proves that a longer tree begins with a shorter one, and denies it of another", () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, seed, changed) => {
        const all = leaves(size);
        const before = 1 + (seed % size);
        const path = consistencyPath(all, before);
        const earlier = { size: before, root: rootOfLeaves(all.slice(0, before)) };
        const later = { size, root: rootOfLeaves(all) };
        expect(isConsistent(earlier, later, path)).toBe(true);
        const forged = all.slice();
        forged[changed % before] = leafHash(Buffer.from("forged"));
        const other = { size, root: rootOfLeaves(forged) };
        expect(isConsistent(earlier, other, consistencyPath(forged, before))).toBe(false);
        expect(isConsistent(later, earlier, path)).toBe(before === size);
      }),
    );
  });
});
