import type { McpMethod } from "../../core/action-classes.ts";

/** Named by the year of their revisions: with a session, or each message by itself. */
export type Era = "2025" | "2026";

/** Where a method carries the name that policy judges, and that `Mcp-Name` must repeat. */
export type NameField = "name" | "uri" | "taskId" | "ref";

export interface MethodShape {
  readonly kind: "request" | "notification";
  readonly eras: readonly Era[];
  readonly nameField: NameField | undefined;
  /** Whether a 2026 request must repeat the name in `Mcp-Name` (SEP-2243, SEP-2663). */
  readonly mirrored: boolean;
}

/** Exchanges without a message are no methods, and what servers ask no client can send. */
type WireMethod = Exclude<
  McpMethod,
  | "client/response"
  | "session/stream"
  | "session/end"
  | "sampling/createMessage"
  | "elicitation/create"
  | "roots/list"
  | "notifications/elicitation/complete"
>;

const BOTH: readonly Era[] = ["2025", "2026"];
const OLD: readonly Era[] = ["2025"];
const NEW: readonly Era[] = ["2026"];

/** What core/action-classes.ts says of each method in policy's terms, this says of the wire. */
const SHAPES = {
  "tools/call": mirrored(BOTH, "name"),

  "prompts/get": mirrored(BOTH, "name"),
  "resources/read": mirrored(BOTH, "uri"),
  "resources/subscribe": request(OLD, "uri"),
  "resources/unsubscribe": request(OLD, "uri"),
  "completion/complete": request(BOTH, "ref"),
  "tasks/get": mirrored(BOTH, "taskId"),
  "tasks/result": request(OLD, "taskId"),
  "tasks/update": mirrored(NEW, "taskId"),
  "tasks/cancel": mirrored(BOTH, "taskId"),
  "tasks/list": request(OLD),

  "tools/list": request(BOTH),
  "prompts/list": request(BOTH),
  "resources/list": request(BOTH),
  "resources/templates/list": request(BOTH),

  initialize: request(OLD),
  ping: request(OLD),
  "server/discover": request(NEW),
  "logging/setLevel": request(OLD),
  "subscriptions/listen": request(NEW),
  "notifications/initialized": notification(OLD),
  "notifications/cancelled": notification(BOTH),
  "notifications/progress": notification(BOTH),
  "notifications/roots/list_changed": notification(OLD),
  "notifications/tasks/status": notification(OLD),
} as const satisfies Record<WireMethod, MethodShape>;

function mirrored(eras: readonly Era[], nameField: NameField): MethodShape {
  return { kind: "request", eras, nameField, mirrored: true };
}

function request(eras: readonly Era[], nameField?: NameField): MethodShape {
  return { kind: "request", eras, nameField, mirrored: false };
}

function notification(eras: readonly Era[]): MethodShape {
  return { kind: "notification", eras, nameField: undefined, mirrored: false };
}

const BY_NAME: ReadonlyMap<string, MethodShape> = new Map(Object.entries(SHAPES));

/** What the other era has in a method's place, as a model or its author can use it. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ["initialize", "Send server/discover, or nothing: there are no sessions."],
  ["ping", "There is no connection to keep: leave it out."],
  ["logging/setLevel", 'Set _meta["io.modelcontextprotocol/logLevel"] of each request.'],
  ["resources/subscribe", "Use subscriptions/listen with resourceSubscriptions."],
  ["resources/unsubscribe", "End the stream of subscriptions/listen."],
  ["tasks/result", "tasks/get has the result."],
  ["tasks/list", "Keep the ids of the tasks that calls answer with."],
  ["server/discover", "Send initialize."],
  ["subscriptions/listen", "Open a stream with GET, and use resources/subscribe."],
  ["tasks/update", "Answer the questions that come on the stream of tasks/result."],
]);

/** Of a method that the era of its message does not have; undefined: no era has it. */
export function otherEraOf(
  method: string,
): { readonly era: Era; readonly instead: string } | undefined {
  const [era] = methodShape(method)?.eras ?? [];
  const instead = INSTEAD.get(method) ?? "Leave it out.";
  return era === undefined ? undefined : { era, instead };
}

/** `undefined`: no client may send this. */
export function methodShape(method: string): MethodShape | undefined {
  return BY_NAME.get(method);
}
