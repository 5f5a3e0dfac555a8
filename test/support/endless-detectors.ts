/**
 * `node --import` of this file gives the program detectors that never come back: nothing in the
 * source can, so the test brings them.
 */
import { DETECTORS } from "../../src/core/inspect/detectors/detectors.ts";
import type { Signature } from "../../src/core/inspect/signature.ts";

const hoard: number[][] = [];

/** Told apart by what they stand at. */
const ENDLESS: readonly Signature[] = [
  {
    detector: "secret",
    anchors: ["hang-here"],
    wordStart: true,
    match: () => {
      for (;;);
    },
  },
  {
    detector: "secret",
    anchors: ["backtrack-here"],
    wordStart: true,
    match: () => {
      /^(a+)+$/.test(`${"a".repeat(64)}b`);
      return undefined;
    },
  },
  {
    detector: "secret",
    anchors: ["grow-here"],
    wordStart: true,
    match: () => {
      for (;;) hoard.push(Array.from({ length: 1000 }, (_, i) => i * 1.5));
    },
  },
];

const detectors = DETECTORS as Map<string, readonly Signature[]>;
detectors.set("secret", [...(detectors.get("secret") ?? []), ...ENDLESS]);
