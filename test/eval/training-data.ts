/** Corpus texts as a classifier is trained on them: the features of each token, flat. */
import { endTokens, readTokens } from "../../src/core/inspect/classifier/read-tokens.ts";
import { signatureFeature } from "../../src/core/inspect/classifier/token-features.ts";
import { featuresOf, MARKS } from "../../src/core/inspect/classifier/token-batch.ts";
import { openTokens } from "../../src/core/inspect/classifier/token-reader.ts";
import { foldLiteral } from "../../src/core/inspect/fold.ts";
import type { Inspection } from "../../src/core/inspect/inspection.ts";
import { disguisesOf } from "../../src/core/inspect/layers/disguises.ts";
import { passageBehind, PASSAGE_UNITS } from "../../src/core/inspect/layers/passages.ts";
import { stretchEnd } from "../../src/core/inspect/layers/escape-stretch.ts";
import { nextEscape, unescape } from "../../src/core/inspect/layers/escapes.ts";
import { decodeRun, nextRun, runEnd } from "../../src/core/inspect/layers/opaque-run.ts";
import { createPartScanner } from "../../src/core/inspect/part-scanner.ts";

export interface Example {
  readonly attack: boolean;
  /** How much a mistake on it counts. */
  readonly weight: number;
  readonly family: string;
  readonly kind: string;
  readonly id: string;
  /** The highest score of a signature in it. */
  readonly signatures: number;
  /** Features of all tokens; those of token `t` begin at `starts[t]`. */
  readonly features: Int32Array;
  readonly starts: Int32Array;
  /** By token: 1 where it is only shown. */
  readonly shown: Uint8Array;
}

export type Labels = Omit<Example, "signatures" | "features" | "starts" | "shown">;

/** What signatures alone say: their hits are features too. */
const SIGNATURES: Inspection = {
  surface: "response",
  rules: [{ id: "train", find: ["injection"], scoreMin: 1, action: "report" }],
};

export function exampleOf(text: string, dimensions: number, labels: Labels): Example {
  const folded = foldLiteral(text);
  const hits = hitsOf(folded);
  const features: number[] = [];
  const starts: number[] = [];
  const shown: number[] = [];
  let next = 0;
  const reader = openTokens({
    take(tokens) {
      for (let t = 0; t < tokens.count; t += 1) {
        starts.push(features.length);
        shown.push(((tokens.marks[t] ?? 0) & MARKS.SHOWN) === 0 ? 0 : 1);
        for (const one of featuresOf(tokens, t)) features.push(one & (dimensions - 1));
        const end = tokens.ends[t] ?? 0;
        for (let hit = hits[next]; hit !== undefined && hit.start < end; hit = hits[next]) {
          features.push(signatureFeature(hit.signature) & (dimensions - 1));
          next += 1;
        }
      }
    },
  });
  readTokens(reader, folded, 0, folded.length, 0);
  endTokens(reader, folded.length);
  starts.push(features.length);
  return {
    ...labels,
    signatures: hits.reduce((most, { score }) => Math.max(most, score), 0),
    features: Int32Array.from(features),
    starts: Int32Array.from(starts),
    shown: Uint8Array.from(shown),
  };
}

function hitsOf(text: string) {
  const scanner = createPartScanner(SIGNATURES, "train", []);
  scanner.push(text);
  scanner.end();
  const plain = scanner.findings.filter(
    ({ signature }) => signature !== "classifier" && !signature.includes("-in-"),
  );
  return plain.toSorted((a, b) => a.start - b.start);
}

/** The texts behind the encodings of a text, one layer down. */
export function decodedTexts(text: string): readonly string[] {
  const found: string[] = [];
  for (let at = nextRun(text, 0); at >= 0;) {
    const end = runEnd(text, at, 0);
    const read = decodeRun(text, at, end, { bytes: 100_000, opened: 0 });
    if (read !== undefined) found.push(read.text);
    at = nextRun(text, end);
  }
  for (let at = nextEscape(text, 0); at >= 0;) {
    const end = stretchEnd(text, at, true) ?? text.length;
    found.push(unescape(text, at, end).text);
    at = nextEscape(text, end);
  }
  return found;
}

/** What its passages say without the disguise of their words. */
export function undressedTexts(original: string): readonly string[] {
  const text = foldLiteral(original);
  const found: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = Math.min(text.length, start + PASSAGE_UNITS);
    const passage = text.slice(start, end);
    for (const { plain } of disguisesOf(text, start, end)) {
      const said = plain(passage);
      if (said !== undefined && said !== passage) found.push(said);
    }
    if (end === text.length) break;
    start = passageBehind(start, end);
  }
  return found;
}
