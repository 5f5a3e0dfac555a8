/** `reviews:` of the config. */
export const REVIEWS_SHAPE = {
  type: "object",
  additionalProperties: false,
  default: {},
  description: "Calls that wait for a person.",
  properties: {
    hold_max_ms: {
      type: "integer",
      minimum: 0,
      maximum: 290_000,
      default: 50_000,
      description:
        "How long MCP and LLM calls wait for the answer themselves, MCP at most 50000; then, and " +
        "with 0 at once, the agent hears that the review is pending. A rule may have its own.",
    },
  },
} as const;
