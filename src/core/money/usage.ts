/**
 * Tokens of one LLM exchange in disjoint classes: their sum is what was billed. `undefined` means
 * the provider did not say, which is not 0.
 */
export interface Usage {
  readonly input: number | undefined;
  readonly cacheRead: number | undefined;
  readonly cacheWrite: number | undefined;
  readonly output: number | undefined;
  /** Part of the bill beside `output`, never inside it. */
  readonly reasoning: number | undefined;
  /** Who counted. An `estimated` number never gives money back below what was held. */
  readonly source: "provider" | "estimated";
}
