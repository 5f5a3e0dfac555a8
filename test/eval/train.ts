/**
 * Trains the classifier of prompt injection and writes its weights, the same for the same data, which
 * is the corpus and, by the lockfile, the manuals of the installed packages (run `npm ci` first):
 *
 *     npm run train -- <folder with injection.jsonl> [--leave-one-out]
 *
 * The operating point is a little above where the models that never saw a text's source flag at
 * most 5 in 1,000 harmless texts, and 55 that quote attacks. `--leave-one-out` prints what they catch there, and
 * writes nothing.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import WEIGHTS from "../../src/core/inspect/classifier/injection-weights.json" with { type: "json" };
import { readExamples, trainable } from "./examples.ts";
import { PROSE } from "./families.ts";
import { fit, type FitOptions, type Model } from "./fit.ts";
import { leaveOneOut, printLeftOut, type Sums } from "./leave-one-out.ts";
import { quantile } from "./statistics.ts";
import type { Example } from "./training-data.ts";

const OUT = fileURLToPath(
  new URL("../../src/core/inspect/classifier/injection-weights.json", import.meta.url),
);
const OPTIONS: FitOptions = {
  dimensions: 131_072,
  window: 28,
  epochs: 30,
  rate: 0.1,
  decay: 0.01,
  seed: 1,
};
/** Shares of harmless texts that models which never saw their source may flag. */
const FALSE_ALARMS = 0.005;
const PROSE_ALARMS = 0.055;
/** Harmless texts of styles that the corpus lacks reach a little further than its own. */
const MARGIN = 0.3;
const INT8_MAX = 127;
const DIGEST_DIGITS = 16;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { "leave-one-out": { type: "boolean" } },
});
const folder = positionals[0];
if (folder === undefined) {
  console.error("usage: npm run train -- <folder with injection.jsonl> [--leave-one-out]");
  process.exitCode = 64;
} else {
  train(folder, options["leave-one-out"] === true);
}

function train(from: string, onlyMeasure: boolean): void {
  const examples = readExamples(from, OPTIONS.dimensions);
  const sums = leaveOneOut(examples, OPTIONS);
  const { pivot, slope } = calibrate(sums);
  console.log(`left out one source at a time, flagged from ${pivot.toFixed(2)}:`);
  printLeftOut(sums, pivot);
  if (onlyMeasure) return;
  const data = trainable(examples);
  const trainedOn = digestOf(data);
  const same = trainedOn === WEIGHTS.trained_on;
  console.log(`data ${trainedOn}: ${same ? "the same as" : "other than"} of the weights before`);
  const model = fit(data, OPTIONS);
  const weights = { trained_on: trainedOn, ...packed(model, pivot, slope) };
  writeFileSync(OUT, `${JSON.stringify(weights, undefined, 2)}\n`);
  console.log(`written: ${OUT}`);
}

/** Names the data, so that others see whether theirs, corpus and packages, is what this came from. */
function digestOf(examples: readonly Example[]): string {
  const hash = createHash("sha256");
  for (const { attack, weight, features } of examples) {
    hash.update(`${attack} ${weight} ${features.length};`).update(features);
  }
  return hash.digest("hex").slice(0, DIGEST_DIGITS);
}

/** Where few harmless texts reach, and how fast the odds rise there. */
function calibrate(sums: Sums): { readonly pivot: number; readonly slope: number } {
  const pivot =
    MARGIN +
    Math.max(
      quantile(sumsWhere(sums, isOrdinary), 1 - FALSE_ALARMS),
      quantile(sumsWhere(sums, isProse), 1 - PROSE_ALARMS),
    );
  // One Newton-free line search: the slope whose odds explain the labels best.
  let best = { slope: 1, loss: Infinity };
  for (let slope = 0.2; slope <= 3; slope += 0.05) {
    let loss = 0;
    for (const [{ attack, kind }, { sum }] of sums) {
      if (kind === "indirect_plain") continue;
      const odds = slope * (sum - pivot) + Math.log(4);
      loss += Math.log1p(Math.exp(attack ? -odds : odds));
    }
    if (loss < best.loss) best = { slope, loss };
  }
  return { pivot, slope: best.slope };
}

function isOrdinary({ attack, kind }: Example): boolean {
  return !attack && kind !== PROSE;
}

function isProse({ kind }: Example): boolean {
  return kind === PROSE;
}

function sumsWhere(sums: Sums, wanted: (example: Example) => boolean): readonly number[] {
  return [...sums].filter(([example]) => wanted(example)).map(([, { sum }]) => sum);
}

function packed({ bias, weights }: Model, pivot: number, slope: number): object {
  const scale = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / INT8_MAX;
  const bytes = Int8Array.from(weights, (weight) => Math.round(weight / scale));
  const round = (value: number): number => Number(value.toPrecision(6));
  return {
    about: "Made by `npm run train`; eight bits for each hashed feature, base64.",
    dimensions: OPTIONS.dimensions,
    window: OPTIONS.window,
    bias: round(bias),
    pivot: round(pivot),
    slope: round(slope),
    scale: round(scale),
    weights: Buffer.from(bytes.buffer).toString("base64"),
  };
}
