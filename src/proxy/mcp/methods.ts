import type { McpMethod } from "../../core/action-classes.ts";

/** Where a method carries the name that policy judges, and that `Mcp-Name` must repeat. */
export type NameField = "name" | "uri" | "taskId" | "ref";

export interface MethodShape {
  readonly kind: "request" | "notification";
  readonly nameField: NameField | undefined;
  /** Whether a 2026 request must repeat the name in `Mcp-Name` (SEP-2243, SEP-2663). */
  readonly mirrored: boolean;
}

/** Names of exchanges without a message are no methods: nobody can send them. */
type WireMethod = Exclude<McpMethod, "client/response" | "session/stream" | "session/end">;

const plain: MethodShape = { kind: "request", nameField: undefined, mirrored: false };
const notice: MethodShape = { kind: "notification", nameField: undefined, mirrored: false };
const task: MethodShape = { kind: "request", nameField: "taskId", mirrored: true };

/** What core/action-classes.ts says of each method in policy's terms, this says of the wire. */
const SHAPES = {
  "tools/call": { kind: "request", nameField: "name", mirrored: true },

  "prompts/get": { kind: "request", nameField: "name", mirrored: true },
  "resources/read": { kind: "request", nameField: "uri", mirrored: true },
  "resources/subscribe": { kind: "request", nameField: "uri", mirrored: false },
  "resources/unsubscribe": { kind: "request", nameField: "uri", mirrored: false },
  "completion/complete": { kind: "request", nameField: "ref", mirrored: false },
  "tasks/get": task,
  "tasks/result": { kind: "request", nameField: "taskId", mirrored: false },
  "tasks/update": task,
  "tasks/cancel": task,
  "tasks/list": plain,

  "tools/list": plain,
  "prompts/list": plain,
  "resources/list": plain,
  "resources/templates/list": plain,

  initialize: plain,
  ping: plain,
  "server/discover": plain,
  "logging/setLevel": plain,
  "subscriptions/listen": plain,
  "notifications/initialized": notice,
  "notifications/cancelled": notice,
  "notifications/progress": notice,
  "notifications/roots/list_changed": notice,
  "notifications/tasks/status": notice,
} as const satisfies Record<WireMethod, MethodShape>;

const BY_NAME: ReadonlyMap<string, MethodShape> = new Map(Object.entries(SHAPES));

/** `undefined`: no client may send this. */
export function methodShape(method: string): MethodShape | undefined {
  return BY_NAME.get(method);
}
