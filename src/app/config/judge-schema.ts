/** The `judge:` key of the config file: the model that gives second opinions on injection. */
import type { Shape } from "./schema-shape.ts";

const score = <D extends number>(value: D, description: string) =>
  ({ type: "integer", minimum: 0, maximum: 100, default: value, description }) as const;

export const JUDGE_SHAPE = {
  type: "object",
  additionalProperties: false,
  required: ["upstream", "model", "agent"],
  description:
    "A model that gives a second opinion where the detection of injection is not sure. It is asked " +
    "through Sallyport, so its agent needs a rule, and may have a budget.",
  properties: {
    upstream: { type: "string", description: "One of `upstreams` that speaks `openai`." },
    model: { type: "string", maxLength: 256, description: "As its upstream calls it." },
    agent: {
      type: "string",
      description: "Whom its calls are made as: one of `agents`, which nobody else should be.",
    },
    from: score(40, "Texts that score less are not asked about."),
    to: score(92, "Nor are texts that score more: they are certain."),
    raise_max: score(45, "Points that an opinion may add."),
    lower_max: score(45, "Points that it may take away."),
    timeout_ms: {
      type: "integer",
      minimum: 50,
      maximum: 30_000,
      default: 3000,
      description: "Longest wait for an opinion.",
    },
  },
} as const satisfies Shape;
