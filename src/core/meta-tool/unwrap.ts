/**
 * A call of `call_tool { tool_name: "delete_user", arguments: … }` is a call of `delete_user`, and is
 * judged as one. A meta-tool that the operator has described is no more than its envelope; one that
 * only looks like it must be allowed by itself as well, because it may act on other arguments.
 */
import { parseStrictJsonText } from "../../lib/strict-json.ts";
import type { ToolAction } from "../action.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { callLook } from "./looks-like.ts";
import type { MetaTool } from "./meta-tool.ts";

/** Calls within calls; honest servers have one. */
const DEPTH_MAX = 4;

export type Unwrapping =
  | { readonly kind: "ok"; readonly action: ToolAction }
  /** One clause without a full stop. */
  | { readonly kind: "problem"; readonly problem: string };

/** Answers with the same action where nothing is wrapped. */
export function unwrap(action: ToolAction, described: readonly MetaTool[]): Unwrapping {
  let now = action;
  for (let depth = 0; depth <= DEPTH_MAX; depth += 1) {
    const inner = innerOf(now, described);
    if (inner === undefined) return { kind: "ok", action: now };
    if (typeof inner === "string") return { kind: "problem", problem: inner };
    now = inner;
  }
  return { kind: "problem", problem: `${action.tool} names tools within tools without an end` };
}

/** The call and, from the inside out, what it is wrapped in. */
export function* layersOf(action: ToolAction): Generator<ToolAction> {
  let now: ToolAction | undefined = action;
  while (now !== undefined) {
    yield now;
    now = now.via?.call;
  }
}

interface Form {
  readonly nameIn: string;
  readonly serverIn: string | undefined;
  readonly argsIn: string | undefined;
  readonly described: boolean;
}

/** Undefined: it is no meta-tool. A text is the problem. */
function innerOf(
  call: ToolAction,
  described: readonly MetaTool[],
): ToolAction | string | undefined {
  const form = formOf(call, described);
  if (form === undefined || typeof form === "string") return form;
  const { nameIn, serverIn, argsIn } = form;
  const name = call.args[nameIn];
  if (typeof name !== "string" || name === "") return `${call.tool} must name a tool in ${nameIn}`;
  const server = serverIn === undefined ? undefined : call.args[serverIn];
  const tool = typeof server === "string" && server !== "" ? `${server}.${name}` : name;
  const args = argsIn === undefined ? NO_ARGUMENTS : argumentsIn(call.args[argsIn]);
  if (args === undefined) return `${call.tool} must have an object in ${String(argsIn)}`;
  const { upstream } = call;
  const via = { call, argsIn, described: form.described };
  return { kind: "tool", upstream, tool, args, via };
}

function formOf({ tool, args }: ToolAction, all: readonly MetaTool[]): Form | string | undefined {
  const known = all.find((one) => one.tool === tool);
  if (known !== undefined) return known.kind === "call" ? { ...known, described: true } : undefined;
  const look = callLook(tool, args);
  if (look === undefined) return undefined;
  if (look.kind === "call") return { ...look, described: false };
  return `${tool} seems to name several tools at once; each is judged by itself, so call one a time`;
}

const NO_ARGUMENTS: JsonObject = {};

function argumentsIn(value: JsonValue | undefined): JsonObject | undefined {
  if (value === undefined || value === null) return NO_ARGUMENTS;
  if (isJsonObject(value)) return value;
  if (typeof value !== "string") return undefined;
  const parsed = parseStrictJsonText(value);
  return parsed.kind === "ok" && isJsonObject(parsed.value) ? parsed.value : undefined;
}
