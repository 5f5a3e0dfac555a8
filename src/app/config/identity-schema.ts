/** The `identity:` key of the config file: how agents are known. */
const TOKEN_ISSUER = {
  type: "object",
  additionalProperties: false,
  required: ["issuer", "audience", "jwks"],
  properties: {
    issuer: { type: "string", description: "`iss` of its tokens, exactly." },
    audience: { type: "string", description: "`aud` that its tokens for Sallyport carry." },
    jwks: { type: "string", description: "Its keys: an https URL, or a file beside this one." },
    subject_prefix: {
      type: "string",
      maxLength: 128,
      default: "",
      description: "Put before its subjects, so that those of two issuers are told apart.",
    },
    ca_file: {
      type: "string",
      description: "Whom the URL's certificate must be of; a cluster has an authority of its own.",
    },
    token_file: {
      type: "string",
      description: "What is shown to the URL, such as a pod's own service-account token.",
    },
    announced: {
      type: "boolean",
      default: false,
      description:
        "MCP clients without a token are told to get one there (RFC 9728). `audience` is then best " +
        "the address that they use, or what stands above it.",
    },
    scopes: {
      type: "array",
      maxItems: 32,
      default: [],
      items: { type: "string", pattern: "^[!#-\\[\\]-~]{1,128}$", examples: ["mcp:tools"] },
      description: "What they ask for there.",
    },
  },
} as const;

export const IDENTITY_SHAPE = {
  type: "object",
  additionalProperties: false,
  default: {},
  properties: {
    loopback_agent: {
      type: "string",
      description: "The agent that calls from loopback without a key; one of `agents`.",
    },
    accept: {
      type: "array",
      maxItems: 17,
      default: [],
      items: {
        type: "string",
        pattern: "^(user|tag\\.[a-z0-9][a-z0-9.-]{0,63})$",
        examples: ["user", "tag.env"],
      },
      description:
        "What agents may say of themselves: `user` in x-sallyport-user, `tag.env` in " +
        "x-sallyport-tag-env. It binds honest agents only; entries of `agents` win.",
    },
    public_url: {
      type: "string",
      pattern: "^https?://[A-Za-z0-9._:\\[\\]-]{1,253}$",
      examples: ["https://gate.example.org"],
      description: "Scheme and host of the data plane as clients know it; as they say if absent.",
    },
    token_issuers: {
      type: "array",
      maxItems: 16,
      default: [],
      items: TOKEN_ISSUER,
      description: "Whose JWTs name agents by their subject, such as a Kubernetes cluster.",
    },
  },
} as const;
