/** An action in the terms of behaviour. */
import type { Action, LlmAction } from "../action.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { FORWARD_PROXY } from "../forward-proxy.ts";
import { AUTHORIZE_SPEND, OWN_SERVER } from "../own-server.ts";
import { impossible } from "../../lib/impossible.ts";
import type { Call } from "./conduct.ts";
import { errandOf } from "./errand.ts";

/** Units of text that a digest reads; what lies behind them is told apart by its length. */
const DIGEST_UNITS_MAX = 65_536;
const INSTRUCTION_UNITS_MAX = 8192;
const MEMORY_TOOL =
  /(?:^|[._-])(?:memory|memories|remember|note|notes|store|save|knowledge|facts?|profile)(?:$|[._-])/i;
const STATEMENTS_MAX = 16;
const STATEMENT_UNITS_MAX = 400;

const NO_MEMORY: Call["memory"] = [];

export function callOf(action: Action): Call {
  return {
    name: callName(action),
    kind: action.kind,
    errand: errandOf(action),
    digest: digestOf(contentOf(action)),
    instructions: action.kind === "llm" ? instructionsOf(action) : "",
    spend: spendOf(action),
    memory:
      action.kind === "tool" && MEMORY_TOOL.test(action.tool)
        ? statementsIn(action.args)
        : NO_MEMORY,
  };
}

const NANO = 1_000_000_000;

function spendOf(action: Action): number {
  const isPayment =
    action.kind === "tool" && action.upstream === OWN_SERVER && action.tool === AUTHORIZE_SPEND;
  const amount = isPayment ? action.args["amount"] : undefined;
  return typeof amount === "number" ? amount * NANO : 0;
}

export function callName(action: Action): string {
  const { upstream } = action;
  switch (action.kind) {
    case "llm":
      return `${upstream}.${action.model}`;
    case "tool":
      return `${upstream}.${action.tool}`;
    case "http": {
      // All hosts behind the forward proxy are one upstream.
      const host = upstream === FORWARD_PROXY ? action.host : "";
      return `${upstream} ${action.method} ${host}${action.path}`;
    }
    case "mcp":
      return `${upstream}.${action.method} ${action.name ?? ""}`;
    default:
      return impossible(action);
  }
}

function contentOf(action: Action): JsonValue {
  switch (action.kind) {
    case "llm":
      return action.body;
    case "tool":
      return action.args;
    case "http":
      return [action.query, action.body ?? null];
    case "mcp":
      return action.args ?? null;
    default:
      return impossible(action);
  }
}

/** FNV-1a over all leaves and keys, in order. Collisions make two calls look alike: harmless. */
function digestOf(value: JsonValue): number {
  let hash = 0x811c9dc5;
  let left = DIGEST_UNITS_MAX;
  const mix = (text: string): void => {
    const length = Math.min(text.length, left);
    left -= length;
    for (let i = 0; i < length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ text.length, 0x01000193);
  };
  const open: JsonValue[] = [value];
  for (let next = open.pop(); next !== undefined && left > 0; next = open.pop()) {
    if (Array.isArray(next)) open.push(...next);
    else if (isJsonObject(next)) {
      for (const [key, item] of Object.entries(next)) {
        mix(key);
        open.push(item);
      }
    } else mix(typeof next === "string" ? next : JSON.stringify(next));
  }
  return hash >>> 0;
}

/** What the operator or the user wrote first: a system text and the first message. */
function instructionsOf({ body }: LlmAction): string {
  const texts: string[] = [];
  for (const key of ["system", "instructions", "systemInstruction", "input", "prompt"]) {
    collect(body[key], texts);
  }
  const messages = Array.isArray(body["messages"]) ? body["messages"] : body["contents"];
  if (Array.isArray(messages)) {
    const first = messages.filter((one) => isJsonObject(one) && one["role"] !== "assistant");
    for (const message of first.slice(0, 2)) {
      if (isJsonObject(message)) collect(message["content"] ?? message["parts"], texts);
    }
  }
  return texts.join("\n").slice(0, INSTRUCTION_UNITS_MAX);
}

function collect(value: JsonValue | undefined, into: string[]): void {
  if (typeof value === "string") into.push(value.slice(0, INSTRUCTION_UNITS_MAX));
  else if (Array.isArray(value)) for (const item of value.slice(0, 8)) collect(item, into);
  else if (isJsonObject(value)) collect(value["text"] ?? value["content"] ?? value["parts"], into);
}

function statementsIn(args: JsonObject): Call["memory"] {
  const named = args["key"] ?? args["name"] ?? args["id"] ?? args["entity"] ?? args["subject"];
  const found: (readonly [string, string])[] = [];
  for (const [key, value] of Object.entries(args).slice(0, STATEMENTS_MAX)) {
    if (typeof value !== "string" || value === named) continue;
    const name = typeof named === "string" ? `${named}.${key}` : "";
    found.push([name, value.slice(0, STATEMENT_UNITS_MAX)]);
  }
  return found;
}
