/**
 * Which era of MCP a message belongs to, and whether the headers beside it tell the same story.
 * Policy judges the body; an upstream or a balancer may route by the headers; so they must agree.
 *
 * Decides as `classifyInboundRequest` of `@modelcontextprotocol/server` 2.4.0 does, without its
 * schemas; a test compares the two.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports
 */
import { Buffer } from "node:buffer";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { RequestHead } from "../wire.ts";
import { SESSION_VERSIONS } from "./era/session-versions.ts";
import { methodShape, type Era, type NameField } from "./methods.ts";
import { RPC_INVALID_PARAMS, type RpcMessage } from "./rpc-message.ts";

export type EraReading =
  | { readonly kind: "ok"; readonly era: Era }
  | {
      readonly kind: "problem";
      readonly rpcCode: number;
      readonly problem: string;
      readonly data: JsonObject | undefined;
    };

/** Revision names are dates, so they compare as text. */
export const FIRST_STATELESS = "2026-07-28";
/** Stateless revisions that are understood here; a later one could mean something else. */
export const STATELESS_VERSIONS: readonly string[] = [FIRST_STATELESS];

const ALL_VERSIONS: readonly string[] = [...SESSION_VERSIONS, ...STATELESS_VERSIONS];

export const VERSION_META_KEY = "io.modelcontextprotocol/protocolVersion";
export const RPC_HEADER_MISMATCH = -32020;
export const RPC_UNSUPPORTED_VERSION = -32022;

/**
 * A version that no session was ever agreed on; servers must refuse it with 400 (2025-11-25,
 * Transports, Protocol Version Header). Those of the stateless era are compared with the body.
 */
export function unknownSessionVersion(headers: RequestHead["headers"]): string | undefined {
  const named = header(headers, "mcp-protocol-version");
  if (named === undefined || named >= FIRST_STATELESS) return undefined;
  return SESSION_VERSIONS.includes(named) ? undefined : named;
}

export function readEra(message: RpcMessage, headers: RequestHead["headers"]): EraReading {
  const unknown = unknownSessionVersion(headers);
  if (unknown !== undefined) return unsupported(unknown, ALL_VERSIONS);
  if (message.kind === "response") return LEGACY;
  const claim = claimOf(message.params);
  const named = header(headers, "mcp-protocol-version");
  const namesStateless = named !== undefined && named >= FIRST_STATELESS;

  const stateless = typeof claim === "string" && claim >= FIRST_STATELESS;
  if (message.kind === "request" && message.method === "initialize" && !stateless) {
    return namesStateless ? mismatch("initialize belongs to an older protocol version") : LEGACY;
  }
  if (claim === undefined) {
    if (!namesStateless) return agreeing(message, headers, LEGACY);
    if (message.kind === "notification") return agreeing(message, headers, STATELESS);
    return invalid(`the request lacks _meta["${VERSION_META_KEY}"], which its header promises`);
  }
  if (typeof claim !== "string") return invalid(`_meta["${VERSION_META_KEY}"] must be a string`);
  if (named !== undefined && named !== claim) {
    return mismatch("MCP-Protocol-Version names another version than the body");
  }
  if (!STATELESS_VERSIONS.includes(claim)) return unsupported(claim);
  if (message.kind === "request") {
    if (named === undefined) return mismatch("the header MCP-Protocol-Version is missing");
    const missing = missingMirror(message.method, message.params, headers);
    if (missing !== undefined) return mismatch(missing);
  }
  return agreeing(message, headers, STATELESS);
}

const LEGACY: EraReading = { kind: "ok", era: "2025" };
const STATELESS: EraReading = { kind: "ok", era: "2026" };

function claimOf(params: JsonObject | undefined): JsonValue | undefined {
  const meta = params?.["_meta"];
  if (!isJsonObject(meta) || !Object.hasOwn(meta, VERSION_META_KEY)) return undefined;
  return meta[VERSION_META_KEY];
}

/** The name a method carries in its params: tool, prompt, resource or task. */
export function nameIn(
  params: JsonObject | undefined,
  field: NameField | undefined,
): string | undefined {
  if (params === undefined || field === undefined) return undefined;
  const value = field === "ref" ? referred(params["ref"]) : params[field];
  return typeof value === "string" ? value : undefined;
}

/** A reference may hold both a name and a URI; its type says which one a server looks at. */
function referred(ref: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(ref)) return undefined;
  if (ref["type"] === "ref/prompt") return ref["name"];
  return ref["type"] === "ref/resource" ? ref["uri"] : undefined;
}

function missingMirror(
  method: string,
  params: JsonObject | undefined,
  headers: RequestHead["headers"],
): string | undefined {
  if (header(headers, "mcp-method") === undefined) return "the header Mcp-Method is missing";
  const shape = methodShape(method);
  if (shape?.mirrored !== true || nameIn(params, shape.nameField) === undefined) return undefined;
  if (header(headers, "mcp-name") === undefined) return "the header Mcp-Name is missing";
  return undefined;
}

/** A 2025 client need not send these headers, but may not lie in them either. */
function agreeing(
  message: Exclude<RpcMessage, { kind: "response" }>,
  headers: RequestHead["headers"],
  reading: EraReading,
): EraReading {
  const method = header(headers, "mcp-method");
  if (method !== undefined && method !== message.method) {
    return mismatch("Mcp-Method names another method than the body");
  }
  const name = header(headers, "mcp-name");
  const shape = methodShape(message.method);
  if (name === undefined || shape?.mirrored !== true) return reading;
  const decoded = decodeSentinel(name);
  if (decoded === undefined) return mismatch("Mcp-Name is not valid base64");
  if (decoded !== nameIn(message.params, shape.nameField)) {
    return mismatch("Mcp-Name names something else than the body");
  }
  return reading;
}

const SENTINEL = /^=\?base64\?(.*)\?=$/s;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `=?base64?…?=` holds what a header cannot; only canonical base64 of valid UTF-8 counts. */
export function decodeSentinel(value: string): string | undefined {
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value;
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function header(headers: RequestHead["headers"], name: string): string | undefined {
  const value = headers[name];
  return value === undefined || typeof value === "string" ? value : value.join(", ");
}

function mismatch(problem: string): EraReading {
  return { kind: "problem", rpcCode: RPC_HEADER_MISMATCH, problem, data: undefined };
}

function invalid(problem: string): EraReading {
  return { kind: "problem", rpcCode: RPC_INVALID_PARAMS, problem, data: undefined };
}

function unsupported(requested: string, supported = STATELESS_VERSIONS): EraReading {
  const problem = `protocol version ${requested.slice(0, 20)} is not supported here`;
  const data = { supported, requested };
  return { kind: "problem", rpcCode: RPC_UNSUPPORTED_VERSION, problem, data };
}
