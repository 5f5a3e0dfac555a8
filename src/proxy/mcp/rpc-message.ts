/**
 * The shape of one JSON-RPC 2.0 message as MCP narrows it, in either direction.
 *
 * @see https://www.jsonrpc.org/specification
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic#messages
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

/** MCP forbids `null` and fractions. */
export type RpcId = string | number;

export type RpcMessage = RpcRequest | RpcNotification | RpcResponse;

export interface RpcRequest {
  readonly kind: "request";
  readonly id: RpcId;
  readonly method: string;
  readonly params: JsonObject | undefined;
  /** The message itself, as parsed. */
  readonly json: JsonObject;
}

export interface RpcNotification {
  readonly kind: "notification";
  readonly method: string;
  readonly params: JsonObject | undefined;
  readonly json: JsonObject;
}

export interface RpcResponse {
  readonly kind: "response";
  /** `undefined` where a server could not tell which request its error is about. */
  readonly id: RpcId | undefined;
  /** Exactly one of the two is there. */
  readonly result: JsonObject | undefined;
  readonly error: JsonObject | undefined;
  readonly json: JsonObject;
}

export type RpcReading =
  | { readonly kind: "ok"; readonly message: RpcMessage }
  /** One clause without a full stop. */
  | { readonly kind: "problem"; readonly problem: string };

export const RPC_PARSE_ERROR = -32700;
export const RPC_INVALID_REQUEST = -32600;
export const RPC_METHOD_NOT_FOUND = -32601;
export const RPC_INVALID_PARAMS = -32602;
export const RPC_INTERNAL = -32603;

export function readRpcMessage(value: JsonValue): RpcReading {
  if (Array.isArray(value)) return problem("batches are not accepted; send one message at a time");
  if (!isJsonObject(value)) return problem("a message must be an object");
  if (value["jsonrpc"] !== "2.0") return problem('a message must have "jsonrpc": "2.0"');
  return Object.hasOwn(value, "method") ? readCall(value) : readResponse(value);
}

function readCall(json: JsonObject): RpcReading {
  const { method, params, id } = json;
  // Some readers match member names without regard to case, so "Method" could be believed.
  for (const member in json) {
    if (!CALL_MEMBERS.has(member)) return problem("a call may have jsonrpc, id, method and params");
  }
  if (typeof method !== "string") return problem("the method must be a string");
  if (params !== undefined && !isJsonObject(params)) return problem("params must be an object");
  if (id === undefined) return ok({ kind: "notification", method, params, json });
  if (!isRpcId(id)) return problem("the id must be a string or an integer");
  return ok({ kind: "request", id, method, params, json });
}

function readResponse(json: JsonObject): RpcReading {
  const { id, result, error } = json;
  for (const member in json) {
    if (!RESPONSE_MEMBERS.has(member)) return problem("a response has jsonrpc, id and one outcome");
  }
  if ((result === undefined) === (error === undefined)) {
    return problem("a message without a method must have either a result or an error");
  }
  if (result !== undefined) {
    if (!isJsonObject(result)) return problem("a result must be an object");
    if (!isRpcId(id)) return problem("a result must carry the id of its request");
    return ok({ kind: "response", id, result, error: undefined, json });
  }
  if (!isJsonObject(error)) return problem("an error must be an object");
  if (id !== undefined && id !== null && !isRpcId(id)) return problem("the id is not valid");
  return ok({ kind: "response", id: id ?? undefined, result: undefined, error, json });
}

const CALL_MEMBERS = new Set(["jsonrpc", "id", "method", "params"]);
const RESPONSE_MEMBERS = new Set(["jsonrpc", "id", "result", "error"]);

function isRpcId(id: JsonValue | undefined): id is RpcId {
  return typeof id === "string" || (typeof id === "number" && Number.isSafeInteger(id));
}

function ok(message: RpcMessage): RpcReading {
  return { kind: "ok", message };
}

function problem(text: string): RpcReading {
  return { kind: "problem", problem: text };
}
