/**
 * Logistic regression on the strongest window of each text: an attack needs one place that says so,
 * a harmless text none. Stochastic gradient steps with Adagrad, averaged; the same seed gives the
 * same weights.
 */
import { seededRandom } from "../support/seeded-random.ts";
import type { Example } from "./training-data.ts";

export interface Model {
  readonly bias: number;
  readonly weights: Float32Array;
}

export interface FitOptions {
  readonly dimensions: number;
  /** Tokens that are summed. */
  readonly window: number;
  readonly epochs: number;
  readonly rate: number;
  /** Pull to zero, a step. */
  readonly decay: number;
  readonly seed: number;
}

export function fit(examples: readonly Example[], options: FitOptions): Model {
  const { dimensions, epochs, seed } = options;
  const state: Fitting = {
    options,
    common: commonFeatures(examples, dimensions),
    bias: -2,
    weights: new Float32Array(dimensions),
    squares: new Float32Array(dimensions).fill(1),
  };
  const average = new Float32Array(dimensions);
  let averageBias = 0;
  let averaged = 0;
  const random = seededRandom(seed);
  const order = examples.map((_, i) => i);
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    shuffle(order, random);
    for (const i of order) {
      const example = examples[i];
      if (example !== undefined) step(state, example);
    }
    if (epoch < epochs / 2) continue;
    averaged += 1;
    averageBias += state.bias;
    for (let k = 0; k < dimensions; k += 1)
      average[k] = (average[k] ?? 0) + (state.weights[k] ?? 0);
  }
  return { bias: averageBias / averaged, weights: average.map((sum) => sum / averaged) };
}

/** What fewer texts say is their own, and a wrong label among them would be learnt by heart. */
const TEXTS_MIN = 3;

function commonFeatures(examples: readonly Example[], dimensions: number): Uint8Array {
  const texts = new Uint8Array(dimensions);
  for (const { features } of examples) {
    for (const k of new Set(features)) texts[k] = Math.min((texts[k] ?? 0) + 1, TEXTS_MIN);
  }
  return texts.map((count) => (count >= TEXTS_MIN ? 1 : 0));
}

interface Fitting {
  readonly options: FitOptions;
  /** By feature: whether enough texts have it to learn from. */
  readonly common: Uint8Array;
  bias: number;
  readonly weights: Float32Array;
  readonly squares: Float32Array;
}

/** How far from an attack its carrier is taken to be harmless, in windows; and what that counts. */
const CARRIER_DISTANCE = 2;
const CARRIER_WEIGHT = 0.3;

function step(state: Fitting, example: Example): void {
  const { window } = state.options;
  const best = strongest(example, state.weights, window);
  learn(state, example, best, example.attack ? 1 : 0, example.weight);
  if (example.kind !== CARRIED) return;
  // The text around an embedded attack teaches that its style is no attack.
  const around = strongest(example, state.weights, window, {
    from: best.from - CARRIER_DISTANCE * window,
    to: best.to + CARRIER_DISTANCE * window,
  });
  if (around.to > 0) learn(state, example, around, 0, CARRIER_WEIGHT * example.weight);
}

/** The kind of attack that stands in an otherwise harmless document. */
const CARRIED = "indirect_overt";

function learn(
  state: Fitting,
  example: Example,
  span: Strongest,
  label: number,
  weight: number,
): void {
  const { rate, decay } = state.options;
  const { weights, squares } = state;
  const z = state.bias + span.sum;
  const gradient = (1 / (1 + Math.exp(-z)) - label) * weight;
  if (Math.abs(gradient) < 1e-3) return;
  state.bias -= 0.02 * rate * gradient;
  for (let t = span.from; t < span.to; t += 1) {
    const slope = example.shown[t] === 1 ? gradient * SHOWN_SHARE : gradient;
    const end = example.starts[t + 1] ?? 0;
    for (let i = example.starts[t] ?? 0; i < end; i += 1) {
      const k = example.features[i] ?? 0;
      if (state.common[k] === 0) continue;
      const w = weights[k] ?? 0;
      const g = slope + decay * w;
      const square = (squares[k] ?? 1) + g * g;
      squares[k] = square;
      weights[k] = w - (rate * g) / Math.sqrt(square);
    }
  }
}

export interface Strongest {
  readonly sum: number;
  /** Tokens `[from, to)`. */
  readonly from: number;
  readonly to: number;
}

const NOWHERE = { from: 0, to: 0 };

/** As production: three words say nothing. */
const TOKENS_MIN = 4;

/**
 * The window of at most so many tokens with the largest sum that does not touch `except`. As in
 * production it begins anew where the sum so far speaks for no attack.
 */
export function strongest(
  example: Example,
  weights: Float32Array,
  window: number,
  except: Pick<Strongest, "from" | "to"> = NOWHERE,
): Strongest {
  const { starts } = example;
  const tokens = starts.length - 1;
  let sum = 0;
  let from = 0;
  let best: Strongest = { sum: -Infinity, from: 0, to: 0 };
  for (let t = 0; t < tokens; t += 1) {
    if (sum <= 0) {
      sum = 0;
      from = t;
    }
    sum += sumOf(example, t, weights);
    if (t - from >= window) {
      sum -= sumOf(example, from, weights);
      from += 1;
    }
    const touches = from < except.to && t + 1 > except.from;
    if (sum > best.sum && t + 1 >= TOKENS_MIN && !touches) best = { sum, from, to: t + 1 };
  }
  return best;
}

/** As production: of what is only shown. */
const SHOWN_SHARE = 0.25;

function sumOf({ features, starts, shown }: Example, token: number, weights: Float32Array): number {
  let sum = 0;
  const end = starts[token + 1] ?? 0;
  for (let i = starts[token] ?? 0; i < end; i += 1) sum += weights[features[i] ?? 0] ?? 0;
  return sum > 0 && shown[token] === 1 ? sum * SHOWN_SHARE : sum;
}

function shuffle(order: number[], random: () => number): void {
  for (let i = order.length - 1; i > 0; i -= 1) {
    const k = Math.floor(random() * (i + 1));
    [order[i], order[k]] = [order[k] ?? 0, order[i] ?? 0];
  }
}
