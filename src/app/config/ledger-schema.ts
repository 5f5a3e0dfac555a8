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
      description: "Between two signed tree heads, while there is something new.",
    },
    heads_to: {
      type: "array",
      default: [],
      description:
        "Files to append signed heads to, or http(s) URLs to post them to. Keep them off this machine: only then do they show what is gone from it.",
      maxItems: 16,
      items: { type: "string" },
    },
  },
} as const;
