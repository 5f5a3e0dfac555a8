import { SHIP_FORMATS } from "../../core/ledger/shipped-record.ts";

const SINK_SHAPE = {
  type: "object",
  additionalProperties: false,
  required: ["name", "to"],
  properties: {
    name: {
      type: "string",
      pattern: "^[a-z0-9][a-z0-9._-]{0,63}$",
      examples: ["siem"],
      description: "Under this name it is remembered what was sent; a new name begins anew.",
    },
    to: {
      type: "string",
      maxLength: 2048,
      description:
        "`stdout`, `https://…` (posted in batches), `otlp+https://…` (logs), `redis://…` (a stream), `postgres://…` (a table).",
    },
    format: { type: "string", enum: SHIP_FORMATS, default: "native" },
    kinds: {
      type: "array",
      default: [],
      maxItems: 9,
      items: { type: "string" },
      description: "Only these kinds of record: outcome, event, change, …; all if empty.",
    },
    stream: {
      type: "string",
      default: "sallyport:ledger",
      maxLength: 256,
      description: "For Redis: the stream's name.",
    },
    token_file: {
      type: "string",
      description: "A file that holds the bearer token, or the password of Redis.",
    },
  },
} as const;

/** The `ledger:` key of the config file. */
export const LEDGER_SHAPE = {
  type: "object",
  additionalProperties: false,
  default: {},
  description: "The record, and the signed tree heads that prove it whole.",
  properties: {
    signing_key_file: {
      type: "string",
      description:
        "Ed25519 private key (PEM, mode 0600) that signs tree heads; made in data_dir if not given.",
    },
    head_interval_ms: {
      type: "integer",
      minimum: 1_000,
      maximum: 86_400_000,
      default: 60_000,
      description:
        "Between two signed tree heads, while there is something new; the first of a chain comes " +
        "after a sixtieth of it.",
    },
    heads_to: {
      type: "array",
      default: [],
      description:
        "Files to append signed heads to, http(s) URLs to post them to, or redis:// to append them to the stream `sallyport:ledger-heads`. Keep them off this machine: only then do they show what is gone from it.",
      maxItems: 16,
      items: { type: "string" },
    },
    retention_days: {
      type: "integer",
      minimum: 1,
      maximum: 36_500,
      description:
        "Whole segments that are older are removed; their hashes stay. Legal holds win. Kept for ever if not given.",
    },
    sinks: {
      type: "array",
      default: [],
      description:
        "Where records are sent, too: at least once, from a durable cursor, never in the way of a call.",
      maxItems: 16,
      items: SINK_SHAPE,
    },
  },
} as const;
