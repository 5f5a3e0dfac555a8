/**
 * The largest answer each family of models can give, from its provider's model pages. The catalogue
 * does not know it; a hold without a cap must. The first row that fits counts.
 *
 * @see https://platform.openai.com/docs/models
 * @see https://docs.claude.com/en/docs/about-claude/models/overview
 * @see https://ai.google.dev/gemini-api/docs/models
 */
const LIMITS: readonly (readonly [RegExp, number])[] = [
  [/gpt-3\.5-turbo/, 4096],
  [/gpt-4o-2024-05-13/, 4096],
  [/gpt-4o|chatgpt-4o|gpt-4\.5|gpt-5-chat|gpt-5\.\d-chat/, 16_384],
  [/gpt-4-(?:turbo|1106|0125)/, 4096],
  [/gpt-4\.1/, 32_768],
  [/gpt-4(?:-|$)/, 8192],
  [/(?:^|[./])o1-preview/, 32_768],
  [/(?:^|[./])o1-mini/, 65_536],
  [/(?:^|[./])o[134](?:-|$)/, 100_000],
  [/claude-3-(?:haiku|sonnet|opus)/, 4096],
  [/claude-3-5-/, 8192],
  [/claude-opus-4(?:-1|-2025|$|@)/, 32_000],
  [/claude-(?:sonnet-4|haiku-4-5|opus-4-5)/, 64_000],
  [/gemini-(?:1\.5|2\.0)/, 8192],
  [/gemini-(?:2\.5|3)/, 65_536],
  [/amazon\.nova-(?:micro|lite|pro)/, 10_000],
];

/** No model on the market gives more at once. */
const OUTPUT_TOKENS_MAX = 131_072;

/** Where neither this list nor the context window says less, the largest there is. */
export function outputTokensLimit(model: string, contextTokens: number | undefined): number {
  const name = model.toLowerCase();
  for (const [family, limit] of LIMITS) if (family.test(name)) return limit;
  return Math.min(contextTokens ?? OUTPUT_TOKENS_MAX, OUTPUT_TOKENS_MAX);
}
