/** The `feeds:` key of the config file: lists of addresses that somebody else keeps. */
import { FEED_VERDICTS } from "../../core/destination/feed.ts";
import type { Shape } from "./schema-shape.ts";

export const FEEDS_SHAPE = {
  type: "array",
  maxItems: 64,
  default: [],
  description:
    "Lists of addresses that somebody else keeps, one entry a line; read again when they change. " +
    "They count where an `inspect` entry looks for `destination`.",
  items: {
    type: "object",
    additionalProperties: false,
    required: ["name", "file"],
    properties: {
      name: {
        type: "string",
        pattern: "^[a-z0-9][a-z0-9._-]{0,63}$",
        examples: ["phishing-list"],
        description: "Findings say which feed it was: `listed-by-<name>`.",
      },
      file: { type: "string", description: "Relative to this file." },
      as: {
        type: "string",
        enum: FEED_VERDICTS,
        default: "blocked",
        description: "`trusted` addresses are never doubted, unless they lead inside.",
      },
      max_age_days: {
        type: "integer",
        minimum: 1,
        maximum: 3650,
        description: "A file that nobody wrote for so long counts no more; never if absent.",
      },
    },
  },
} as const satisfies Shape;
