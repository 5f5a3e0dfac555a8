/**
 * Prompt injection by structure: chains of word classes (an override verb, fillers, "previous",
 * "instructions") and literal marks of roles, tool calls and markup that carries data out. Weak
 * signatures strengthen each other when they stand close together (see `judge.ts`).
 */
import { foldLiteral } from "../fold.ts";
import type { Signature } from "../signature.ts";
import { compileChains } from "./word-chain.ts";
import { INJECTION_CHAINS } from "./injection-chains.ts";
import { INJECTION_ENCODED } from "./injection-encoded.ts";
import { INJECTION_MARKUP } from "./injection-markup.ts";
import { INJECTION_MARKS } from "./injection-marks.ts";
import { INJECTION_SPELLED } from "./injection-spelled.ts";
import { INJECTION_TRIPLES } from "./injection-triples.ts";
import { INJECTION_VOCABULARY } from "./injection-vocabulary.ts";

export const INJECTION_DETECTOR = "injection";

export const INJECTION: readonly Signature[] = [
  compileChains(INJECTION_DETECTOR, INJECTION_VOCABULARY, INJECTION_CHAINS, foldLiteral),
  ...INJECTION_MARKS,
  ...INJECTION_MARKUP,
  ...INJECTION_ENCODED,
  ...INJECTION_SPELLED,
  ...INJECTION_TRIPLES,
];
