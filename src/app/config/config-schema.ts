import { AGENT } from "./agent-schema.ts";
import { FEEDS_SHAPE } from "./feed-schema.ts";
import { FORWARD_PROXY_SHAPE } from "./forward-proxy-schema.ts";
import { JUDGE_SHAPE } from "./judge-schema.ts";
import { LEDGER_SHAPE } from "./ledger-schema.ts";
import { IDENTITY_SHAPE } from "./identity-schema.ts";
import { LOGIN_SHAPE } from "./login-schema.ts";
import { NOTIFICATIONS_SHAPE } from "./notification-schema.ts";
import { PRICES_SHAPE } from "./price-schema.ts";
import { TRUST_MODES } from "../../core/trust/pin.ts";
import { REVIEWS_SHAPE } from "./review-schema.ts";
import type { Effective, Shape } from "./schema-shape.ts";
import { TLS_SHAPE } from "./tls-schema.ts";
import { OUTAGES_SHAPE, REDIS_SHAPE, STORE_SHAPE } from "./store-schema.ts";
import { UPSTREAM_SHAPE } from "./upstream-schema.ts";
import { VAULT_SHAPE } from "./vault-schema.ts";

const PORT = { type: "integer", minimum: 0, maximum: 65_535 } as const;

const address = <P extends number>(port: P) =>
  ({
    host: { type: "string", default: "127.0.0.1", description: "Address to listen on." },
    port: { ...PORT, default: port, description: "0 takes any free port." },
    tls: TLS_SHAPE,
  }) as const;

const LISTEN = {
  type: "object",
  additionalProperties: false,
  description: "The data plane: agents talk to this.",
  default: {},
  properties: {
    ...address(4100),
    names: {
      type: "array",
      maxItems: 64,
      default: [],
      items: {
        type: "string",
        pattern: "^[a-z0-9][a-z0-9._-]{0,252}$",
        examples: ["host.docker.internal"],
      },
      description:
        "Names in `Host` that are answered beside addresses and localhost, where a proxy or a " +
        "container comes to loopback under one; elsewhere all are, unless some stand here.",
    },
  },
} as const;

const MANAGE = {
  type: "object",
  additionalProperties: false,
  description: "Health, metrics and status. Keep it on loopback or a private network.",
  default: {},
  properties: address(4101),
} as const;

const TRUST = {
  type: "string",
  enum: TRUST_MODES,
  default: "first_use",
  description:
    "first_use: what is seen first is approved, unless it is suspicious; review: a person approves " +
    "each; locked: the lock file does. An upstream may have its own.",
} as const;

const ms = <D extends number>(minimum: number, maximum: number, value: D, description: string) =>
  ({ type: "integer", minimum, maximum, default: value, description }) as const;

const LIMITS = {
  type: "object",
  additionalProperties: false,
  description: "What one client may cost the data plane, and how long a shutdown may take.",
  default: {},
  properties: {
    header_bytes_max: ms(2048, 262_144, 32_768, "Largest request head."),
    headers_timeout_ms: ms(100, 15_000, 10_000, "From the first byte to the end of the head."),
    keep_alive_ms: ms(0, 3_600_000, 75_000, "Idle client connections are closed after this."),
    connections_max: ms(1, 1_000_000, 8192, "Open client connections."),
    requests_per_connection_max: ms(0, 1_000_000_000, 0, "0 is no limit."),
    read_stall_ms: ms(1000, 3_600_000, 60_000, "A client that does not take what we have for it."),
    body_idle_ms: ms(100, 15_000, 10_000, "Longest silence inside a request body."),
    body_grace_ms: ms(100, 15_000, 10_000, "Then body_bytes_per_second_min must be met."),
    body_bytes_per_second_min: ms(0, 1_000_000_000, 1024, "Slowest average of a request body."),
    drain_ms: ms(0, 3_600_000, 30_000, "How long SIGTERM waits for running exchanges."),
    stuck_ms: ms(
      0,
      600_000,
      5_000,
      "A process that looks at one text for so long is ended, and the exchange is on the record as " +
        "failed at the next start; 0: never.",
    ),
  },
} as const;

/** The config file. Published by `sallyport config schema` for editors. */
export const CONFIG_SCHEMA = {
  type: "object",
  additionalProperties: false,
  default: {},
  properties: {
    listen: LISTEN,
    manage: MANAGE,
    data_dir: {
      type: "string",
      default: ".sallyport",
      description: "Ledger, vault and budgets; relative to this file.",
    },
    ledger: LEDGER_SHAPE,
    store: STORE_SHAPE,
    redis: REDIS_SHAPE,
    outages: OUTAGES_SHAPE,
    workers: {
      type: "integer",
      minimum: 1,
      maximum: 64,
      default: 1,
      description: "Processes that share the listeners.",
    },
    demo: {
      type: "boolean",
      default: false,
      description: "Also run two local upstreams to try things with: `demo` (LLM), `tools` (MCP).",
    },
    agents: { type: "array", maxItems: 10_000, default: [], items: AGENT },
    identity: IDENTITY_SHAPE,
    upstreams: { type: "array", maxItems: 256, default: [], items: UPSTREAM_SHAPE },
    api: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "The management API, /core/v1.",
      properties: {
        auth: {
          type: "string",
          enum: ["required", "open"],
          default: "required",
          description: "`open` needs no credential; only where `manage.host` is loopback.",
        },
        bootstrap_token: {
          type: "string",
          writeOnly: true,
          description: "Lets its holder make the first key from another machine.",
        },
        local_bootstrap: {
          type: "boolean",
          default: true,
          description:
            "Whoever calls from loopback may make the first key. `false` where agents share it, " +
            "as in a pod: then `sallyport keys create` makes it, or the token.",
        },
        private_upstreams: {
          type: "boolean",
          default: false,
          description: "Upstreams registered through the API may have private addresses.",
        },
        trusted_proxies: {
          type: "array",
          maxItems: 64,
          default: [],
          items: { type: "string", maxLength: 64 },
          description:
            "Addresses and networks of the proxies before this listener: their `X-Forwarded-For` " +
            "says who calls, so that tries to log in are counted by person.",
        },
      },
    },
    login: LOGIN_SHAPE,
    directory: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "Agents, keys, people, sessions and stops that are made at run time.",
      properties: {
        url: {
          type: "string",
          writeOnly: true,
          description: "postgres://… to share them among machines; else SQLite in data_dir.",
        },
        wait_ms: ms(0, 3_600_000, 60_000, "How long a start waits for that server."),
      },
    },
    policies: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: {
        dir: { type: "string", default: "policies", description: "Relative to this file." },
      },
    },
    prices: PRICES_SHAPE,
    feeds: FEEDS_SHAPE,
    judge: JUDGE_SHAPE,
    forward_proxy: FORWARD_PROXY_SHAPE,
    definitions: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "How far MCP servers are believed when they say what their tools are.",
      properties: {
        trust: TRUST,
        lock_file: {
          type: "string",
          default: "sallyport.lock.json",
          description: "Approved definitions, for `trust: locked`; relative to this file.",
        },
        refresh_ms: {
          type: "integer",
          minimum: 0,
          maximum: 86_400_000,
          default: 600_000,
          description:
            "How often the gate reads its MCP servers' lists for itself, the first time at the " +
            "start; never if 0. Processes are not started for it.",
        },
      },
    },
    limits: LIMITS,
    reviews: REVIEWS_SHAPE,
    vault: VAULT_SHAPE,
    notifications: NOTIFICATIONS_SHAPE,
    log: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: {
        level: {
          type: "string",
          enum: ["debug", "info", "warn", "error", "silent"],
          default: "info",
        },
        format: { type: "string", enum: ["json", "text"], default: "json" },
      },
    },
  },
} as const satisfies Shape;

/** The file as read: defaults in, not yet checked against itself. */
export type ConfigFile = Effective<typeof CONFIG_SCHEMA>;
