import type { Shape } from "./schema-shape.ts";

const SHARE = {
  type: "integer",
  minimum: 1,
  maximum: 50,
  default: 5,
  description: "For `degrade`: percent of a limit that each replica may use by itself.",
} as const;

const outage = <D extends string>(description: D) =>
  ({
    type: "object",
    additionalProperties: false,
    default: {},
    description,
    properties: {
      mode: {
        type: "string",
        enum: ["closed", "open", "degrade"],
        default: "closed",
        description:
          "`closed` refuses what cannot be checked, `open` lets it through until a day, " +
          "`degrade` lets a share through that was set aside before.",
      },
      until: {
        type: "string",
        pattern: "^\\d{4}-\\d{2}-\\d{2}$",
        examples: ["2026-12-24"],
        description: "For `open`: the day, in UTC, from which it is `closed` again.",
      },
      share_percent: SHARE,
    },
  }) as const;

/** Where budgets and limits are counted, and what holds while that cannot be reached. */
export const STORE_SHAPE = {
  type: "string",
  default: "embedded",
  maxLength: 2048,
  description:
    "Where budgets, limits, reviews and marks are kept: `embedded` (in data_dir, this machine) or a Redis that " +
    "replicas share: `redis://host:6379`, `redis+sentinel://host:26379/name`, " +
    "`redis+cluster://host:6379`; `rediss` speaks TLS.",
} as const satisfies Shape;

export const REDIS_SHAPE = {
  type: "object",
  additionalProperties: false,
  default: {},
  description: "How to speak to the Redis that `store` names.",
  properties: {
    password: { type: "string", writeOnly: true, description: "Of the user in `store`." },
    password_file: { type: "string", description: "A file that holds the password." },
    ca_file: { type: "string", description: "Certificates that TLS believes, as PEM." },
    timeout_ms: {
      type: "integer",
      minimum: 5,
      maximum: 400,
      default: 50,
      description: "Longest wait for one answer.",
    },
    prefix: {
      type: "string",
      default: "sallyport",
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
      examples: ["sallyport-eu"],
      description: "First word of all names in Redis: other than others that share the server.",
    },
  },
} as const satisfies Shape;

export const OUTAGES_SHAPE = {
  type: "object",
  additionalProperties: false,
  default: {},
  description: "What is decided while a dependency cannot be asked.",
  properties: {
    budgets: outage("Calls that charge a budget."),
    limits: outage(
      "Calls that a rule's limits count; and all, if at a start nobody can be asked who is stopped.",
    ),
    judge: outage(
      "Texts that the judge is not there for: `closed` takes what is uncertain for an attack, `open` " +
        "for harmless, `degrade` leaves it to the detectors.",
    ),
  },
} as const satisfies Shape;
