/** An entry of `upstreams:` in the config file: where requests go, and on which terms. */
import { TRUST_MODES } from "../../core/trust/pin.ts";
import { OAUTH, SECRET_FORMS, SECRET_REF } from "./oauth-schema.ts";
import type { Effective, Shape } from "./schema-shape.ts";

const ms = <D extends number>(value: D, description: string) =>
  ({ type: "integer", minimum: 1, maximum: 86_400_000, default: value, description }) as const;

const bytes = <D extends number>(value: D, description: string) =>
  ({
    type: "integer",
    minimum: 1024,
    maximum: 1_073_741_824,
    default: value,
    description,
  }) as const;

const CREDENTIAL = {
  type: "object",
  additionalProperties: false,
  required: ["ref"],
  description: "What Sallyport adds to requests for this upstream. The agent never sees it.",
  properties: {
    ref: { ...SECRET_REF, description: SECRET_FORMS },
    oauth: OAUTH,
    header: {
      type: "string",
      pattern: "^[A-Za-z0-9-]{1,64}$",
      examples: ["authorization", "x-api-key"],
      description: "By wire if absent.",
    },
    format: { type: "string", description: "`{}` stands for the secret: `Bearer {}`." },
    region: {
      type: "string",
      pattern: "^[a-z0-9-]{1,64}$",
      examples: ["eu-central-1"],
      description: "AWS region of a signature; by the URL if absent.",
    },
    service: {
      type: "string",
      pattern: "^[a-z0-9-]{1,64}$",
      default: "bedrock",
      examples: ["bedrock", "execute-api"],
      description: "AWS service of a signature.",
    },
    paths: {
      type: "array",
      maxItems: 64,
      default: [],
      items: { type: "string", pattern: "^/", examples: ["/v1/**"] },
      description: "Globs below the upstream; empty means all.",
    },
    methods: {
      type: "array",
      maxItems: 16,
      default: [],
      items: { type: "string", pattern: "^[A-Z]{1,16}$", examples: ["GET"] },
      description: "Empty means all.",
    },
  },
} as const;

const STDIO = {
  type: "object",
  additionalProperties: false,
  required: ["command"],
  description: "An MCP server that is started here and spoken to over its standard input.",
  properties: {
    command: {
      type: "array",
      maxItems: 256,
      items: { type: "string", maxLength: 4096 },
      description: "The program and its arguments; no shell reads them.",
    },
    cwd: { type: "string", description: "Relative to this file; as Sallyport's if absent." },
    env: {
      type: "array",
      maxItems: 128,
      default: [],
      description: "Beside these it sees only PATH, HOME, USER, SHELL, LANG, TMPDIR and TZ.",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name"],
        properties: {
          name: {
            type: "string",
            pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$",
            examples: ["API_TOKEN"],
          },
          value: { type: "string", maxLength: 32_768, description: "As it stands here." },
          ref: { ...CREDENTIAL.properties.ref, description: "A secret, in place of a value." },
        },
      },
    },
    processes_max: {
      type: "integer",
      minimum: 1,
      maximum: 1000,
      default: 16,
      description: "Each session of an agent has a process of its own.",
    },
    idle_ms: ms(1_800_000, "A session without a message for so long ends."),
  },
} as const;

const member = (description: string) =>
  ({
    type: "string",
    pattern: "^.{1,128}$",
    examples: ["name", "arguments"],
    description,
  }) as const;

const META_TOOLS = {
  type: "array",
  maxItems: 64,
  default: [],
  description:
    "Tools of an MCP server that are only ways to its other tools. Policy judges the tool that is named.",
  items: {
    type: "object",
    additionalProperties: false,
    required: ["tool"],
    description: "With nothing but `tool`: it is none, whatever it looks like.",
    properties: {
      tool: { type: "string", maxLength: 256, description: "Its name." },
      name_in: member("The argument that names the tool to call."),
      server_in: member("The argument that names a server; judged as <server>.<tool>."),
      args_in: member("The argument that holds the named tool's arguments."),
      list_in: member("The member of its structured result that lists tools."),
    },
  },
} as const;

export const UPSTREAM_SHAPE = {
  type: "object",
  additionalProperties: false,
  required: ["name"],
  properties: {
    name: {
      type: "string",
      pattern: "^[a-z0-9][a-z0-9_-]{0,62}$",
      examples: ["github", "crm-eu"],
      description: "Agents reach it at /<name>/…; MCP servers also at /mcp/<name>.",
    },
    wire: {
      type: "string",
      enum: ["http", "openai", "anthropic", "gemini", "bedrock", "mcp"],
      default: "http",
    },
    url: { type: "string", description: "Scheme, host and an optional path." },
    transport: {
      type: "string",
      enum: ["streamable", "sse"],
      default: "streamable",
      description: "How an MCP server speaks HTTP; sse is the one of 2024-11-05.",
    },
    stdio: STDIO,
    credential: CREDENTIAL,
    price_provider: { type: "string", description: "Whose prices apply. By wire if absent." },
    allow_private: {
      type: "boolean",
      default: false,
      description: "Allow private, loopback and link-local addresses.",
    },
    allow_cleartext: {
      type: "boolean",
      default: false,
      description: "Allow a credential to travel over http:// beyond this machine.",
    },
    ca_file: {
      type: "string",
      description:
        "PEM of the authorities that its certificate is believed by, in place of the system's.",
    },
    connections_max: { type: "integer", minimum: 1, maximum: 10_000, default: 256 },
    timeouts: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: {
        connect_ms: ms(5000, "Until the connection stands, TLS included."),
        headers_ms: ms(600_000, "From the request's last byte to the response's head."),
        idle_ms: ms(300_000, "Between two chunks of the response."),
        total_ms: ms(3_600_000, "The whole exchange."),
      },
    },
    deadlines: {
      type: "array",
      maxItems: 256,
      default: [],
      description: "How long calls of some tools of an MCP server may take; the first that fits.",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["tool", "ms"],
        properties: {
          tool: {
            type: "string",
            maxLength: 256,
            description: "A name, or a glob such as slow_*.",
          },
          ms: { type: "integer", minimum: 1, maximum: 86_400_000 },
        },
      },
    },
    tasks: {
      type: "object",
      additionalProperties: false,
      description:
        "Calls of an MCP server that become MCP Tasks, kept here, for clients that take them.",
      properties: {
        after_ms: {
          type: "integer",
          minimum: 0,
          maximum: 3_600_000,
          default: 10_000,
          description: "A call that is not answered by then becomes a task.",
        },
        required: {
          type: "array",
          maxItems: 256,
          default: [],
          items: { type: "string", maxLength: 256 },
          description: "Tools, by name or glob, that clients without tasks may not call.",
        },
      },
    },
    meta_tools: META_TOOLS,
    request_bytes_max: bytes(16_777_216, "Largest request body that is read to be judged."),
    response_bytes_max: bytes(16_777_216, "Largest response body that is held to be inspected."),
    trust: {
      type: "string",
      enum: TRUST_MODES,
      description: "For MCP: how far its definitions are believed. As `definitions` if absent.",
    },
    unscannable: {
      type: "string",
      enum: ["refuse", "pass"],
      default: "refuse",
      description:
        "A body that nobody can look into where an `inspect` rule wants to: past its limit, binary " +
        "(a picture, a PDF, an archive), or in an unknown encoding; and such a WebSocket message.",
    },
  },
} as const satisfies Shape;

export type UpstreamEntry = Effective<typeof UPSTREAM_SHAPE>;
