/**
 * Tokens of one LLM exchange in disjoint classes: their sum is what was billed. `undefined` means
 * the provider did not say, which is not 0.
 */
export interface Usage {
  /** Text and images that no other class counts. */
  readonly input: number | undefined;
  readonly cacheRead: number | undefined;
  /** Kept for minutes, or for a time the provider did not name. */
  readonly cacheWrite: number | undefined;
  readonly output: number | undefined;
  /** Part of the bill beside `output`, never inside it. */
  readonly reasoning: number | undefined;
  /** Cache writes kept for an hour, billed dearer. */
  readonly cacheWriteHour?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  /** Searches the provider ran, billed each. Not tokens. */
  readonly webSearches?: number | undefined;
  /** Who counted. An `estimated` number never gives money back below what was held. */
  readonly source: "provider" | "estimated";
}

/** Usage that can be priced: the two classes that are never free are numbers. */
export interface BilledUsage extends Usage {
  readonly input: number;
  readonly output: number;
}

/** Sum of the input classes: what price tiers go by. */
export function inputTokensOf(usage: Usage): number {
  return (
    (usage.input ?? 0) +
    (usage.cacheRead ?? 0) +
    (usage.cacheWrite ?? 0) +
    (usage.cacheWriteHour ?? 0) +
    (usage.audioInput ?? 0)
  );
}

/** Sum of the output classes. */
export function outputTokensOf(usage: Usage): number {
  return (
    (usage.output ?? 0) +
    (usage.reasoning ?? 0) +
    (usage.audioOutput ?? 0) +
    (usage.imageOutput ?? 0)
  );
}
