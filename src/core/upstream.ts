import type { MetaTool } from "./meta-tool/meta-tool.ts";
import type { Glob } from "./policy/glob.ts";
import type { OAuthGrant } from "./secret/oauth-grant.ts";
import type { Millis, SecretName, TenantId, UpstreamName } from "./units.ts";

/** Which wire an upstream speaks; `http` is everything that no dialect folder knows. */
export type Wire = "http" | "openai" | "anthropic" | "gemini" | "bedrock" | "mcp";

/** One configured other side, frozen at load. The client never chooses the host. */
export interface Upstream {
  readonly name: UpstreamName;
  /** Who registered it, and alone may use it; undefined: everybody's. */
  readonly tenant?: TenantId | undefined;
  readonly wire: Wire;
  readonly transport: Transport;
  /**
   * `https://api.openai.com`, without path and without a trailing slash; `stdio://<name>` where a
   * process of our own is the other side.
   */
  readonly origin: string;
  /** Host and port as the Host header has them. */
  readonly host: string;
  /** Prepended to the path that follows `/<name>`; `""` or starts with a slash. */
  readonly pathPrefix: string;
  /** Whose prices apply, e.g. `openai`, `azure`, `anthropic`, `google`; LLM wires only. */
  readonly priceProvider: string;
  readonly credential: CredentialRef | undefined;
  /** Private, link-local and metadata addresses are refused unless this is set. */
  readonly allowPrivate: boolean;
  /** The authorities that its certificate is believed by; undefined: the system's. */
  readonly caFile?: string | undefined;
  readonly connectionsMax: number;
  readonly timeouts: UpstreamTimeouts;
  /** How long calls of some tools may take, by globs of their names; MCP only. */
  readonly deadlines?: readonly ToolDeadline[];
  /** Which of its calls become tasks, where the gate keeps them; MCP only. */
  readonly tasks?: TaskTerms | undefined;
  /** Its ways to other tools of its own; MCP only. */
  readonly metaTools?: readonly MetaTool[];
  /** Largest request body that is buffered to be judged. */
  readonly requestBytesMax: number;
  /** Largest response body that is held back whole to be inspected. */
  readonly responseBytesMax: number;
  /** What happens to a body past its limit, or in an encoding that cannot be read. */
  readonly unscannable: "refuse" | "pass";
}

/** To other tenants it is not there. */
export function isOpenTo({ tenant }: Upstream, asking: TenantId): boolean {
  return tenant === undefined || tenant === asking;
}

/** How messages travel there. Only MCP has a choice. */
export type Transport =
  | { readonly kind: "http" }
  /** MCP's HTTP+SSE of 2024-11-05: one stream down, POSTs up. */
  | { readonly kind: "sse" }
  /** Sallyport itself (core/own-server.ts). */
  | { readonly kind: "own" }
  | ProcessTransport;

/** A child process that speaks MCP over its standard input and output, one a session. */
export interface ProcessTransport {
  readonly kind: "stdio";
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute; undefined: where Sallyport runs. */
  readonly directory: string | undefined;
  /** All that the process sees of its environment, beside `PATH` and the like. */
  readonly environment: readonly EnvironmentEntry[];
  /** Processes at once. */
  readonly processesMax: number;
  /** A session that says nothing for so long ends, and its process with it. */
  readonly idle: Millis;
}

export type EnvironmentEntry =
  | { readonly kind: "plain"; readonly name: string; readonly value: string }
  /** Bound like any credential: to the origin `stdio://<upstream>`, with the name as the header. */
  | { readonly kind: "secret"; readonly name: string; readonly credential: CredentialRef };

export interface ToolDeadline {
  readonly tool: string;
  readonly limit: Millis;
}

/** Calls whose clients need not wait, though the server knows nothing of tasks. */
export interface TaskTerms {
  /** A call that is not answered by then becomes a task, if its client takes one. */
  readonly after: Millis;
  /** Tools that are called as tasks only. */
  readonly required: readonly Glob[];
}

export const OVER_HTTP: Transport = { kind: "http" };

export interface UpstreamTimeouts {
  readonly connect: Millis;
  /** From the request's last byte to the response's head. */
  readonly headers: Millis;
  /** Between two chunks of the body. */
  readonly idle: Millis;
  readonly total: Millis;
}

/** Where an upstream's credential lives and how it is written into the request. */
export interface CredentialRef {
  /** `vault://name`, `env://NAME` or `file:///path`. */
  readonly ref: string;
  readonly name: SecretName;
  readonly header: string;
  /** `{}` stands for the value: `Bearer {}`. */
  readonly format: string;
  /** Globs a request path (below the upstream) must match; empty means all. */
  readonly paths: readonly string[];
  /** Upper case; empty means all. */
  readonly methods: readonly string[];
  /** What a signature is good for; undefined where the value itself is sent. */
  readonly signing?: SigningScope | undefined;
  /** Where `ref` is a private key, which signs in the name of an OAuth client. */
  readonly attests?: true;
  /** Where `ref` is the secret of an OAuth client, and access tokens are what is sent. */
  readonly oauth?: OAuthGrant | undefined;
}

/** The scope of an AWS signature (SigV4). */
export interface SigningScope {
  readonly region: string;
  readonly service: string;
}
