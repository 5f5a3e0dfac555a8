import type { ServiceTier } from "./service-tier.ts";

/**
 * Tokens of one LLM exchange in disjoint classes: their sum is what was billed. `undefined` means
 * the provider did not say, which is not 0.
 */
export interface Usage {
  /** Text, and whatever no other class counts. */
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
  /** Audio read from the cache; not in `cacheRead`. */
  readonly audioCacheRead?: number | undefined;
  /** Images, video and pages of documents, where the provider counts them apart. */
  readonly imageInput?: number | undefined;
  /** What the provider's own tools put before the model. */
  readonly toolInput?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  /** Calls of the provider's own tools, billed each. Not tokens. */
  readonly webSearches?: number | undefined;
  readonly fileSearches?: number | undefined;
  readonly toolCalls?: number | undefined;
  /** Which of its prices the provider says it applied. */
  readonly tier?: ServiceTier | undefined;
  /** Percent that it added to the price of tokens, where it says. */
  readonly surcharge?: number | undefined;
  /**
   * `provider`: its own count. `estimated`: counted here over a whole answer, because the provider
   * sent no count. `floor`: what was seen of an answer that broke off; more was billed.
   */
  readonly source: "provider" | "estimated" | "floor";
}

/** Usage that can be priced: the two classes that are never free are numbers. */
export interface BilledUsage extends Usage {
  readonly input: number;
  readonly output: number;
}

/** The counts of `Usage` by their key in the ledger, in the order of canonical JSON. */
export const USAGE_COUNTS = [
  ["audio_cache_read", "audioCacheRead"],
  ["audio_input", "audioInput"],
  ["audio_output", "audioOutput"],
  ["cache_read", "cacheRead"],
  ["cache_write", "cacheWrite"],
  ["cache_write_hour", "cacheWriteHour"],
  ["file_searches", "fileSearches"],
  ["image_input", "imageInput"],
  ["image_output", "imageOutput"],
  ["input", "input"],
  ["output", "output"],
  ["reasoning", "reasoning"],
  ["tool_calls", "toolCalls"],
  ["tool_input", "toolInput"],
  ["web_searches", "webSearches"],
] as const satisfies readonly (readonly [string, Exclude<keyof Usage, "source" | "tier">])[];

/** Nothing counted yet; every class is there, so that all usages share one shape. */
export const UNCOUNTED: Usage = {
  input: undefined,
  cacheRead: undefined,
  cacheWrite: undefined,
  output: undefined,
  reasoning: undefined,
  cacheWriteHour: undefined,
  audioInput: undefined,
  audioCacheRead: undefined,
  imageInput: undefined,
  toolInput: undefined,
  audioOutput: undefined,
  imageOutput: undefined,
  webSearches: undefined,
  fileSearches: undefined,
  toolCalls: undefined,
  tier: undefined,
  source: "floor",
};

/** Sum of the input classes: what price tiers go by. */
export function inputTokensOf(usage: Usage): number {
  return (
    (usage.input ?? 0) +
    (usage.cacheRead ?? 0) +
    (usage.cacheWrite ?? 0) +
    (usage.cacheWriteHour ?? 0) +
    (usage.audioInput ?? 0) +
    (usage.audioCacheRead ?? 0) +
    (usage.imageInput ?? 0) +
    (usage.toolInput ?? 0)
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
