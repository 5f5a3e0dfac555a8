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
    slack: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "Slack's buttons; its app posts to /core/v1/slack/actions.",
      properties: {
        signing_secret_file: { type: "string", description: "A file with the app's secret." },
        people: {
          type: "array",
          maxItems: 1_000,
          default: [],
          items: {
            type: "string",
            pattern: "^[A-Z0-9]{1,32}=[!-~]{1,128}$",
            examples: ["U024BE7LH=ann"],
          },
          description: "`U024BE7LH=ann`: whose Slack account answers as whom.",
        },
      },
    },
  },
} as const;
