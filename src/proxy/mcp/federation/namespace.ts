/**
 * Names of many servers in one: `crm.read_user` is the tool `read_user` of the upstream `crm`,
 * `mcp://crm/file:///a` its resource `file:///a`. A URI stays a URI, and a template a template.
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { taskId } from "../../../core/task/task.ts";
import type { TaskId, UpstreamName } from "../../../core/units.ts";
import type { Upstream } from "../../../core/upstream.ts";
import { setMemberAt } from "../../set-members.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import { requestOf } from "../era/stateless-message.ts";
import type { RpcRequest } from "../rpc-message.ts";
import { RELATED_TASK_KEY } from "../tasks/task-question.ts";

/** By name, in the order in which lists show them. */
export type Members = ReadonlyMap<string, Upstream>;

export interface Placed {
  readonly upstream: Upstream;
  /** The same request, as the upstream knows it. */
  readonly sent: SentMessage;
}

const SCHEME = "mcp://";

/** Undefined: it names nothing of any member. */
export function place({ text, message }: SentMessage, members: Members): Placed | undefined {
  if (message.kind !== "request" || message.params === undefined) return undefined;
  const { params, method } = message;
  const spot = spotOf(method, params);
  if (spot === undefined) return undefined;
  const found =
    spot.kind === "uri" ? splitUri(spot.value, members) : splitName(spot.value, members);
  if (found === undefined) return undefined;
  const path = ["params", ...spot.path];
  const changed = setMemberAt(text, message.json, path, JSON.stringify(found.rest));
  return { upstream: found.upstream, sent: requestOf(changed) };
}

interface Spot {
  readonly kind: "name" | "uri";
  readonly path: readonly string[];
  readonly value: string;
}

/** Where a request says whom it means. */
function spotOf(method: string, params: JsonObject): Spot | undefined {
  switch (method) {
    case "tools/call":
    case "prompts/get":
      return spot("name", ["name"], params["name"]);
    case "resources/read":
      return spot("uri", ["uri"], params["uri"]);
    case "tasks/get":
    case "tasks/result":
    case "tasks/update":
    case "tasks/cancel":
      return spot("name", ["taskId"], params["taskId"]);
    case "completion/complete": {
      const { ref } = params;
      if (!isJsonObject(ref)) return undefined;
      return ref["type"] === "ref/resource"
        ? spot("uri", ["ref", "uri"], ref["uri"])
        : spot("name", ["ref", "name"], ref["name"]);
    }
    default:
      return undefined;
  }
}

function spot(
  kind: Spot["kind"],
  path: readonly string[],
  value: JsonValue | undefined,
): Spot | undefined {
  return typeof value === "string" ? { kind, path, value } : undefined;
}

interface Split {
  readonly upstream: Upstream;
  readonly rest: string;
}

export function splitName(name: string, members: Members): Split | undefined {
  return split(name, name.indexOf("."), members);
}

export function splitUri(uri: string, members: Members): Split | undefined {
  if (!uri.startsWith(SCHEME)) return undefined;
  const path = uri.slice(SCHEME.length);
  return split(path, path.indexOf("/"), members);
}

function split(text: string, at: number, members: Members): Split | undefined {
  const upstream = at === -1 ? undefined : members.get(text.slice(0, at));
  return upstream === undefined ? undefined : { upstream, rest: text.slice(at + 1) };
}

export function joinTaskId(upstream: UpstreamName, task: TaskId): TaskId {
  return taskId(joinName(upstream, task));
}

export function joinName(upstream: UpstreamName, name: string): string {
  return `${upstream}.${name}`;
}

export function joinUri(upstream: UpstreamName, uri: string): string {
  return `${SCHEME}${upstream}/${uri}`;
}

/** An entry of a list as the federation shows it. What has no name to be used by is left as it is. */
export function joinEntry(upstream: UpstreamName, entry: JsonValue): JsonValue {
  if (!isJsonObject(entry)) return entry;
  const { name, uri, uriTemplate } = entry;
  if (typeof uri === "string") return { ...entry, uri: joinUri(upstream, uri) };
  if (typeof uriTemplate === "string") {
    return { ...entry, uriTemplate: joinUri(upstream, uriTemplate) };
  }
  return typeof name === "string" ? { ...entry, name: joinName(upstream, name) } : entry;
}

/**
 * The answer of one member with names that its client can use here: links and embedded resources,
 * and the tasks that it started. Untouched text keeps every digit.
 */
export function joinAnswer(upstream: UpstreamName, json: JsonObject, text: string): string {
  const { result } = json;
  if (!isJsonObject(result)) return text;
  let changed = text;
  let now = json;
  const set = (path: readonly string[], value: JsonValue): void => {
    changed = setMemberAt(changed, now, ["result", ...path], JSON.stringify(value));
    now = JSON.parse(changed);
  };
  for (const member of ["content", "contents", "messages"]) {
    const parts = result[member];
    if (!isJsonArray(parts)) continue;
    const joined = parts.map((part) => joinPart(upstream, part));
    if (joined.some((part, index) => part !== parts[index])) set([member], joined);
  }
  for (const path of TASK_NAMES) {
    const name = valueAt(result, path);
    if (typeof name === "string") set(path, joinName(upstream, name));
  }
  return changed;
}

/** What is asked in the course of a member's task. */
export function joinQuestion(upstream: UpstreamName, { id, json }: RpcRequest): string {
  const asked = { ...json, id: joinName(upstream, String(id)) };
  const path = ["params", "_meta", RELATED_TASK_KEY, "taskId"];
  const task = valueAt(json, path);
  const text = JSON.stringify(asked);
  if (typeof task !== "string") return text;
  return setMemberAt(text, asked, path, JSON.stringify(joinName(upstream, task)));
}

/** Where an answer names a task: of the call, of the call in the 2025 era, and of a result. */
const TASK_NAMES = [["taskId"], ["task", "taskId"], ["_meta", RELATED_TASK_KEY, "taskId"]] as const;

function valueAt(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const key of path) at = isJsonObject(at) ? at[key] : undefined;
  return at;
}

/** A content block, a resource's content, or a prompt's message. */
function joinPart(upstream: UpstreamName, part: JsonValue): JsonValue {
  if (!isJsonObject(part)) return part;
  const { uri, resource, content } = part;
  if (typeof uri === "string") return { ...part, uri: joinUri(upstream, uri) };
  if (isJsonObject(resource)) return { ...part, resource: joinPart(upstream, resource) };
  if (isJsonObject(content)) {
    const joined = joinPart(upstream, content);
    return joined === content ? part : { ...part, content: joined };
  }
  return part;
}
