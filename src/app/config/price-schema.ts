import { USD_PER_CALL_MAX, USD_PER_MTOK_MAX } from "../../stores/prices/price-overlay.ts";
import type { Shape } from "./schema-shape.ts";

const AMOUNT = { type: "number", minimum: 0 } as const;
const CALL = { type: "number", minimum: 0, description: "USD for one call." } as const;

/** A worst case of nothing would make unknown models free. */
const WORST = {
  ...AMOUNT,
  exclusiveMinimum: 0,
  maximum: USD_PER_MTOK_MAX,
  description: "USD per million tokens.",
} as const;

/** Flat, or another one for the whole request above so many input tokens. */
const PRICE = {
  description: "USD per million tokens.",
  anyOf: [
    AMOUNT,
    {
      type: "object",
      additionalProperties: false,
      required: ["base", "above"],
      properties: {
        base: AMOUNT,
        above: {
          type: "array",
          maxItems: 8,
          items: {
            type: "object",
            additionalProperties: false,
            required: ["tokens", "usd_per_mtok"],
            properties: {
              tokens: { type: "integer", minimum: 1, maximum: 100_000_000 },
              usd_per_mtok: AMOUNT,
            },
          },
        },
      },
    },
  ],
} as const;

const DATE = {
  type: "string",
  pattern: "^\\d{4}-\\d{2}-\\d{2}$",
  examples: ["2026-12-01"],
} as const;
const TIME = {
  type: "string",
  pattern: "^([01]\\d|2[0-3]):[0-5]\\d$",
  examples: ["16:30"],
} as const;
const TOKENS = { type: "integer", minimum: 1, maximum: 100_000_000 } as const;

const OVERRIDE = {
  type: "object",
  additionalProperties: false,
  required: ["provider", "model"],
  properties: {
    provider: { type: "string" },
    model: { type: "string", description: "The exact name; `*` at the end stands for any rest." },
    tier: {
      type: "string",
      enum: ["standard", "batch", "flex", "priority", "fast", "other"],
      default: "standard",
    },
    from: { ...DATE, description: "UTC date from which the price holds." },
    until: { ...DATE, description: "UTC date from which it holds no more." },
    hours: {
      type: "object",
      additionalProperties: false,
      required: ["from", "until"],
      description: "UTC times of day; may run over midnight.",
      properties: { from: TIME, until: TIME },
    },
    input_usd_per_mtok: PRICE,
    output_usd_per_mtok: PRICE,
    cache_read_usd_per_mtok: PRICE,
    cache_write_usd_per_mtok: PRICE,
    cache_write_1h_usd_per_mtok: PRICE,
    audio_input_usd_per_mtok: PRICE,
    audio_cache_read_usd_per_mtok: PRICE,
    image_input_usd_per_mtok: PRICE,
    reasoning_usd_per_mtok: PRICE,
    audio_output_usd_per_mtok: PRICE,
    image_output_usd_per_mtok: PRICE,
    web_search_usd: CALL,
    file_search_usd: CALL,
    tool_call_usd: { ...CALL, description: "USD for a call of any other tool of the provider." },
    request_usd: CALL,
    output_tokens_max: { ...TOKENS, description: "Written into requests that ask for more." },
    context_tokens: { ...TOKENS, description: "Largest input the model can read." },
    confirm: {
      type: "boolean",
      default: false,
      description: "The price is meant, though free or ten times off the catalogue.",
    },
  },
} as const;

const OVERRIDES = { type: "array", maxItems: 1000, default: [], items: OVERRIDE } as const;

export const PRICES_SHAPE = {
  type: "object",
  additionalProperties: false,
  description: "What models cost where the built-in catalogue is silent or wrong for you.",
  default: {},
  properties: {
    file: {
      type: "string",
      description: "More `overrides`, in a file that is read again when it changes.",
    },
    overrides: OVERRIDES,
    unpriced: {
      description: "A model without a price is refused, or costs what you write here.",
      default: "refuse",
      anyOf: [
        { type: "string", enum: ["refuse"] },
        {
          type: "object",
          additionalProperties: false,
          required: ["input_usd_per_mtok", "output_usd_per_mtok"],
          properties: {
            input_usd_per_mtok: WORST,
            output_usd_per_mtok: WORST,
            tool_call_usd: { ...CALL, exclusiveMinimum: 0, maximum: USD_PER_CALL_MAX },
          },
        },
      ],
    },
  },
} as const satisfies Shape;

/** The file that `prices.file` names. */
export const PRICE_FILE_SHAPE = {
  type: "object",
  additionalProperties: false,
  required: ["overrides"],
  properties: { overrides: { type: "array", maxItems: 1000, items: OVERRIDE } },
} as const satisfies Shape;
