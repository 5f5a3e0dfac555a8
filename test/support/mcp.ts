/** Pieces for tests of the MCP door: heads, contexts and messages, without a socket. */
import { Buffer } from "node:buffer";
import type { Inspections, Terms } from "../../src/core/decision.ts";
import { NO_INSPECTION, type InspectionRule } from "../../src/core/inspect/inspection.ts";
import type { PolicySnapshot } from "../../src/core/policy/policy-snapshot.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { RequestStateStore } from "../../src/core/session/request-states.ts";
import { definitionHash } from "../../src/core/trust/definition.ts";
import type { DefinitionStore } from "../../src/core/trust/definition-store.ts";
import { id, instant, millis, type ExchangeId } from "../../src/core/units.ts";
import { OVER_HTTP, type Upstream } from "../../src/core/upstream.ts";
import type { InterpretContext } from "../../src/pipeline/ask.ts";
import { ProtectedResource } from "../../src/proxy/mcp/protected-resource.ts";
import type { RequestHead } from "../../src/proxy/wire.ts";

export const STATELESS = "2026-07-28";
export const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

export const MCP_UPSTREAM: Upstream = {
  name: id("tools"),
  wire: "mcp",
  transport: OVER_HTTP,
  origin: "http://127.0.0.1:9",
  host: "127.0.0.1:9",
  pathPrefix: "/mcp",
  priceProvider: "",
  credential: undefined,
  allowPrivate: true,
  connectionsMax: 1,
  timeouts: { connect: millis(1), headers: millis(1), idle: millis(1), total: millis(1) },
  requestBytesMax: 1_000_000,
  responseBytesMax: 1_000_000,
  unscannable: "refuse",
};

export function mcpHead(over: Partial<RequestHead> = {}): RequestHead {
  return {
    exchange: id<ExchangeId>("exc_1"),
    upstream: MCP_UPSTREAM,
    method: "POST",
    path: "/",
    rawPath: "/",
    query: "",
    headers: { "content-type": "application/json" },
    hasBody: true,
    ...over,
  };
}

const PRINCIPAL: Principal = {
  agent: id("agent"),
  tenant: id("tenant"),
  session: id("session"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "loopback",
};

export const NO_INSPECTIONS: Inspections = {
  request: NO_INSPECTION.request,
  response: NO_INSPECTION.response,
  toolResult: NO_INSPECTION.tool_result,
};

export function inspecting(...rules: readonly InspectionRule[]): Inspections {
  return { ...NO_INSPECTIONS, toolResult: { surface: "tool_result", rules } };
}

const NO_TERMS: Terms = {
  charges: [],
  rates: [],
  outputTokens: undefined,
  marks: [],
  shadow: [],
};

/** A snapshot whose lists admit what `admits` says; nothing else of it is asked here. */
export function mcpContext(
  admits: PolicySnapshot["mayAllow"] = () => true,
  inspections = NO_INSPECTIONS,
): InterpretContext {
  const unasked = (): never => {
    throw new Error("not asked by this door");
  };
  const snapshot: PolicySnapshot = {
    digest: id("0".repeat(64)),
    ruleCount: 0,
    decide: (principal, action) =>
      action.kind === "mcp" && admits(principal, action)
        ? { kind: "allow", because: [], terms: NO_TERMS }
        : { kind: "deny", because: [], detail: "", remedy: undefined },
    mayAllow: admits,
    mayReadSome: () => true,
    mayCallThrough: admits,
    mayEscalate: () => false,
    budgetsOf: () => [],
    isOpaque: () => false,
    inspections: () => inspections,
    inspectionsOf: () => inspections,
    readsMarks: () => false,
    readsHttpBody: unasked,
  };
  return { principal: PRINCIPAL, snapshot, inspections, now: instant(0), marks: [] };
}

/** Where nobody is told to log in. */
export const NO_LOGIN = new ProtectedResource([], undefined);

/** A desk for doors whose tasks are not the matter. */
export const NO_TASKS = {
  keep: () => Promise.resolve(undefined),
  begin: () => Promise.resolve(undefined),
  cancel: () => Promise.resolve(undefined),
  clients: { capabilitiesOf: () => undefined },
};

/** For doors whose calls are not gone on with. */
export const NO_STATES: RequestStateStore = {
  give: () => {},
  mayBring: () => true,
  carry: () => undefined,
};

/** A store for doors whose definitions are not the matter: everything listed is approved. */
export const TRUSTING: DefinitionStore = {
  revision: 0,
  pin: () => undefined,
  observe: ({ upstream, scope, kind, era, entries }) =>
    new Map(
      Array.from(entries, ([name, definition]) => {
        const ref = { upstream, scope, kind, name, era };
        const seen = definitionHash(definition);
        return [name, { ref, standing: "approved", approved: seen, seen, suspicions: [] }];
      }),
    ),
  approvedText: () => undefined,
  listedNameOf: () => undefined,
  trustOf: () => "first_use",
};

export function bytesOf(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** A 2026 request with the headers that must agree with it. */
export function statelessHead(method: string, name?: string): RequestHead {
  return mcpHead({
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": STATELESS,
      "mcp-method": method,
      ...(name !== undefined && { "mcp-name": name }),
    },
  });
}

export function statelessParams(params: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...params, _meta: { [VERSION_KEY]: STATELESS } };
}
