/** Lists name what could be used, and nothing else: the same policy judges entry and use. */
import { hasDotSegments } from "../../core/ambiguous-uri.ts";
import type { McpAction, ToolAction } from "../../core/action.ts";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { DefinitionKind } from "../../core/trust/definition.ts";
import type { UpstreamName } from "../../core/units.ts";
import { memberReader } from "./listed-definitions.ts";

export interface ListShape {
  readonly member: string;
  /** Its entries are definitions that a model reads. Resources are content, judged when read. */
  readonly pinned: PinnedShape | undefined;
  /** Using the entry, as policy would judge it. */
  use(upstream: UpstreamName, entry: JsonObject): Use | "never";
}

/** What somebody who sees the entry could do with it. */
export type Use = ToolAction | McpAction | TemplateUse;

/** Reading one of the addresses that a template makes. */
export interface TemplateUse {
  readonly kind: "template";
  readonly upstream: UpstreamName;
  readonly uriTemplate: string;
}

export interface PinnedShape {
  readonly kind: DefinitionKind;
  readonly nameOf: (entry: JsonValue) => string | undefined;
}

const NO_ARGUMENTS: JsonObject = {};

const LISTS: ReadonlyMap<string, ListShape> = new Map<string, ListShape>([
  [
    "tools/list",
    {
      member: "tools",
      pinned: { kind: "tool", nameOf: memberReader("name") },
      use(upstream, { name }) {
        if (typeof name !== "string") return "never";
        return { kind: "tool", upstream, tool: name, args: NO_ARGUMENTS };
      },
    },
  ],
  [
    "prompts/list",
    {
      member: "prompts",
      pinned: { kind: "prompt", nameOf: memberReader("name") },
      use: (upstream, { name }) => reading(upstream, "prompts/get", name),
    },
  ],
  [
    "resources/list",
    {
      member: "resources",
      pinned: undefined,
      use(upstream, { uri }) {
        // A client could not ask for it.
        if (typeof uri === "string" && hasDotSegments(uri)) return "never";
        return reading(upstream, "resources/read", uri);
      },
    },
  ],
  [
    "resources/templates/list",
    {
      member: "resourceTemplates",
      pinned: { kind: "resource_template", nameOf: memberReader("uriTemplate") },
      use: (upstream, { uriTemplate }) =>
        typeof uriTemplate === "string" ? { kind: "template", upstream, uriTemplate } : "never",
    },
  ],
  [
    "tasks/list",
    {
      member: "tasks",
      pinned: undefined,
      use: (upstream, { taskId }) => reading(upstream, "tasks/get", taskId),
    },
  ],
]);

function reading(
  upstream: UpstreamName,
  method: string,
  name: JsonValue | undefined,
): McpAction | "never" {
  return typeof name === "string" ? { kind: "mcp", upstream, method, name } : "never";
}

/** The list that this result is; without a method (a replayed stream) its members tell. */
export function listShape(method: string | undefined, result: JsonObject): ListShape | undefined {
  if (method !== undefined) return LISTS.get(method);
  for (const shape of LISTS.values()) if (isJsonArray(result[shape.member])) return shape;
  return undefined;
}

export interface EntryScreen {
  readonly admits: (use: Use) => boolean;
  /** The entry without what must not be seen; `undefined` hides it. */
  readonly screen: (entry: JsonValue) => JsonValue | undefined;
}

/** The same object where every entry stays as it is. Order and cursors are kept. */
export function narrowList(
  shape: ListShape,
  result: JsonObject,
  upstream: UpstreamName,
  { admits, screen }: EntryScreen,
): JsonObject {
  const entries = result[shape.member];
  if (!isJsonArray(entries)) return result;
  const kept: JsonValue[] = [];
  let touched = false;
  for (const entry of entries) {
    const use = isJsonObject(entry) ? shape.use(upstream, entry) : "never";
    const screened = use !== "never" && admits(use) ? screen(entry) : undefined;
    if (screened !== entry) touched = true;
    if (screened !== undefined) kept.push(screened);
  }
  return touched ? { ...result, [shape.member]: kept } : result;
}
