import type { JsonObject, JsonValue } from "./json.ts";
import type { UpstreamName } from "./units.ts";

/** What the agent wants to do, in one vocabulary for every wire. */
export type Action = LlmAction | ToolAction | HttpAction | McpAction;

export interface LlmAction {
  readonly kind: "llm";
  readonly upstream: UpstreamName;
  /** `chat`, `responses`, `completions`, `embeddings`, `messages`, `generate`, `count_tokens`, … */
  readonly operation: string;
  readonly model: string;
  readonly stream: boolean;
  /** The client's own output cap in tokens. */
  readonly outputTokens: number | undefined;
  readonly body: JsonObject;
}

export interface ToolAction {
  readonly kind: "tool";
  readonly upstream: UpstreamName;
  readonly tool: string;
  readonly args: JsonObject;
  /** The call of a meta-tool that this one stood in (core/meta-tool/unwrap.ts). */
  readonly via?: Wrapping;
}

export interface Wrapping {
  readonly call: ToolAction;
  /** Which of its arguments holds ours. */
  readonly argsIn: string | undefined;
  /** Whether the operator said that it is one; else it only looks like it. */
  readonly described: boolean;
}

/**
 * - `unknown_endpoint`: a path that its LLM upstream does not know.
 * - `upgrade`: a WebSocket.
 * - `tunnel`: `CONNECT` to a host that the agent chose; what goes through it nobody sees.
 * - `forwarded`: a request to a host that the agent chose.
 */
export const HTTP_SPECIALS = ["unknown_endpoint", "upgrade", "tunnel", "forwarded"] as const;

export type HttpSpecial = (typeof HTTP_SPECIALS)[number];

export interface HttpAction {
  readonly kind: "http";
  readonly upstream: UpstreamName;
  readonly method: string;
  readonly host: string;
  /** Decoded, dot segments resolved; without the query. */
  readonly path: string;
  readonly query: string;
  /** Set where no rule allows it unless it says so. */
  readonly special: HttpSpecial | undefined;
  /** Parsed only when a rule reads it. */
  readonly body: JsonValue | undefined;
}

/**
 * Every MCP method but `tools/call`: lists, prompts, resources, completion, housekeeping, and what a
 * server asks of the client.
 */
export interface McpAction {
  readonly kind: "mcp";
  readonly upstream: UpstreamName;
  readonly method: string;
  /** Prompt name, resource URI or task id, where the method names one. */
  readonly name: string | undefined;
  /** Of a prompt or a completion; all that a server sends along where it asks. */
  readonly args?: JsonObject | undefined;
}
