/** One entry of `agents:`: who may call, and how each is recognised. */
const NAME = "^[!-~]{1,128}$";

const KEY_HASH = {
  type: "string",
  pattern: "^[0-9a-f]{64}$",
} as const;

export const AGENT = {
  type: "object",
  additionalProperties: false,
  required: ["name"],
  properties: {
    name: {
      type: "string",
      pattern: "^[a-z0-9][a-z0-9._-]{0,63}$",
      examples: ["support-bot"],
      description: "Lower case, at most 64 characters.",
    },
    key_sha256: {
      description: "Lower-case hex SHA-256 of the agent's key; several while a key is replaced.",
      anyOf: [KEY_HASH, { type: "array", maxItems: 8, items: KEY_HASH }],
      default: [],
    },
    team: {
      type: "string",
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
      examples: ["support"],
    },
    user: {
      type: "string",
      pattern: NAME,
      examples: ["ann@example.org"],
      description: "On whose behalf the agent works; without it, what `identity.accept` lets in.",
    },
    clearance: {
      type: "integer",
      minimum: 1,
      maximum: 5,
      default: 1,
      description: "What secrets and rules ask for.",
    },
    subjects: {
      type: "array",
      maxItems: 16,
      default: [],
      items: { type: "string", maxLength: 512 },
      description:
        "Who else is this agent: a URI or DNS name of a client certificate, or the subject of a " +
        "trusted issuer's token, such as system:serviceaccount:<namespace>:<name>.",
    },
    tags: {
      type: "array",
      maxItems: 16,
      default: [],
      items: {
        type: "string",
        pattern: "^[a-z0-9][a-z0-9._-]{0,63}=[!-~]{1,128}$",
        examples: ["env=prod"],
      },
      description: "`name=value`; budgets and limits may count by them.",
    },
  },
} as const;
