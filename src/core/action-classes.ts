import type { Action } from "./action.ts";
import { AUTHORIZE_SPEND, OWN_SERVER } from "./own-server.ts";
import { isOurTask } from "./task/task.ts";

/**
 * What a client may ask of an MCP server, and a server of a client, in policy's terms. Closed: a method that is not here is
 * refused, because nobody knows what it would do.
 *
 * - `call`: runs a tool; judged as a `ToolAction`.
 * - `read`: fetches content for a model, or follows up on a call. Needs a rule.
 * - `list`: names what there is. Needs no rule: each entry is shown only if it could be used.
 * - `housekeeping`: keeps the connection. Needs no rule.
 * - `ask`: a server asks it of the client, in the middle of a call. Needs a rule.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/schema
 * @see https://modelcontextprotocol.io/specification/2026-07-28/schema
 */
export type McpMethodClass = "call" | "read" | "list" | "housekeeping" | "ask";

export const MCP_METHOD_CLASSES = {
  "tools/call": "call",

  "prompts/get": "read",
  "resources/read": "read",
  "resources/subscribe": "read",
  "resources/unsubscribe": "read",
  "completion/complete": "read",
  "tasks/get": "read",
  "tasks/result": "read",
  "tasks/update": "read",
  "tasks/cancel": "read",

  "tasks/list": "list",
  "tools/list": "list",
  "prompts/list": "list",
  "resources/list": "list",
  "resources/templates/list": "list",

  initialize: "housekeeping",
  ping: "housekeeping",
  "server/discover": "housekeeping",
  "logging/setLevel": "housekeeping",
  "subscriptions/listen": "housekeeping",
  "notifications/initialized": "housekeeping",
  "notifications/cancelled": "housekeeping",
  "notifications/progress": "housekeeping",
  "notifications/roots/list_changed": "housekeeping",
  "notifications/tasks/status": "housekeeping",

  "sampling/createMessage": "ask",
  "elicitation/create": "ask",
  "roots/list": "housekeeping",
  "notifications/elicitation/complete": "housekeeping",

  // Not methods of the protocol: names for the exchanges of the 2025 era that carry none.
  /** The client's answer to a request that the server made. */
  "client/response": "housekeeping",
  /** HTTP GET: the stream of what the server says unasked. */
  "session/stream": "housekeeping",
  /** HTTP DELETE. */
  "session/end": "housekeeping",
} as const satisfies Record<string, McpMethodClass>;

export type McpMethod = keyof typeof MCP_METHOD_CLASSES;

export function isMcpMethod(method: string): method is McpMethod {
  return Object.hasOwn(MCP_METHOD_CLASSES, method);
}

/**
 * Whether an action is allowed for any identified principal where policy says nothing about it. A
 * rule that denies it still denies it.
 */
export function needsNoRule(action: Action): boolean {
  if (action.kind === "tool") {
    return action.upstream === OWN_SERVER && action.tool !== AUTHORIZE_SPEND;
  }
  if (action.kind !== "mcp" || !isMcpMethod(action.method)) return false;
  const kind = MCP_METHOD_CLASSES[action.method];
  if (kind === "list" || kind === "housekeeping") return true;
  // What became of one's own call, which had its rule.
  return action.name !== undefined && action.method.startsWith("tasks/") && isOurTask(action.name);
}

/** Streams that end when somebody closes them, never by themselves: a shutdown cannot wait. */
export function standsOpen(action: Action | undefined): boolean {
  if (action?.kind === "http") return action.special === "upgrade";
  if (action?.kind !== "mcp") return false;
  return action.method === "session/stream" || action.method === "subscriptions/listen";
}
