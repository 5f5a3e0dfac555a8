/** From a raw head to the upstream it means, or to the answer for one that means none. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { JsonObject } from "../core/json.ts";
import type { Claims } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import type { ExchangeId } from "../core/units.ts";
import type { Upstream } from "../core/upstream.ts";
import type { Verdict } from "../core/verdict.ts";
import { nothingAt } from "../pipeline/limit.ts";
import { REVIEW_PATH } from "./hold/review-path.ts";
import { takeQueryKey } from "./query-key.ts";
import { MESSAGE_PATH, STREAM_PATH } from "./mcp/legacy/legacy-paths.ts";
import { METADATA_PATH, WELL_KNOWN, type ProtectedResource } from "./mcp/protected-resource.ts";
import { readRequestHeaders, type ReadHeaders } from "./request-headers.ts";
import { readRequestTarget, type RequestTarget } from "./request-target.ts";
import type { RequestHead } from "./wire.ts";

export interface Routes {
  /** Changes while it runs, as upstreams are registered. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Those of them that are MCP servers, in the order in which lists show them. */
  readonly members: ReadonlyMap<string, Upstream>;
  /** What stands for all MCP servers at once, at `/mcp`. */
  readonly federation: Upstream;
  /** Where clients of MCP get tokens. */
  readonly login: ProtectedResource;
  /** Host names answered to beside addresses and localhost; undefined: all. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Reads targets in absolute form; undefined: they are refused. */
  readonly forward?: ForwardPlaces | undefined;
}

export interface ForwardPlaces {
  /** `shown`: the key in the other headers. Undefined: the request is not in absolute form. */
  place(request: IncomingMessage, shown: string | undefined): Verdict<ForwardPlace> | undefined;
}

/** Where a request in absolute form goes. */
export interface ForwardPlace {
  readonly upstream: Upstream;
  readonly target: RequestTarget;
  readonly key: string | undefined;
  /** Flat `name, value, …`: what the agent shows the host for itself, where it may. */
  readonly credentials: readonly string[];
}

/** As the request shows them. */
export interface Credentials {
  readonly key: string | undefined;
  /** What stood in the slots of providers' keys and does not begin as ours do. */
  readonly slots?: readonly string[] | undefined;
  readonly session: string | undefined;
  readonly claims: Claims;
}

export interface RoutedRequest extends Credentials {
  readonly kind: "exchange";
  readonly head: RequestHead;
  /** Flat `name, value, …` fit to be forwarded. */
  readonly headers: readonly string[];
}

export type Routing =
  | RoutedRequest
  | { readonly kind: "answer"; readonly refusal: Refusal }
  /** How a review stands, for whoever shows these credentials. */
  | ({ readonly kind: "review"; readonly review: string } & Credentials)
  /** What anybody may read, and no exchange. */
  | { readonly kind: "document"; readonly document: JsonObject };

export function routeRequest(
  request: IncomingMessage,
  exchange: ExchangeId,
  routes: Routes,
): Routing {
  const { upstreams, federation, hosts, forward } = routes;
  if (request.httpVersion !== "1.1" && request.httpVersion !== "1.0") {
    return malformed(`HTTP/${request.httpVersion} is not spoken here.`);
  }
  if (request.httpVersion === "1.0" && request.headers["transfer-encoding"] !== undefined) {
    // What stands between may not have known it, and seen another end of the body (RFC 9112 §6.1).
    return malformed("HTTP/1.0 has no Transfer-Encoding.");
  }
  const read = readRequestHeaders(request.rawHeaders);
  if (read.kind === "problem") return malformed(read.message);
  const forwarded = forward?.place(request, read.key);
  if (forwarded?.kind === "halt") return { kind: "answer", refusal: forwarded.refusal };
  if (forwarded !== undefined) {
    return routeForwarded(forwarded.value, read, { request, exchange, routes });
  }
  const reading = readRequestTarget(request.url ?? "");
  if (reading.kind === "problem") return malformed(reading.message);
  const { query, key, problem } = takeQueryKey(reading.target.query, read.key);
  if (problem !== undefined) return malformed(problem);
  const place = locate({ ...reading.target, query }, upstreams, federation);
  if (place === undefined) {
    const document = metadataOf(reading.target, request, routes);
    if (document !== undefined) return { kind: "document", document };
    const review = reviewAsked(reading.target, request, routes);
    const { slots, session, claims } = read;
    if (review !== undefined) return { kind: "review", review, key, slots, session, claims };
    return { kind: "answer", refusal: nothingAt(placeOf(reading.target)) };
  }
  const { upstream, target } = place;
  const strange = strangeCaller(request, upstream, hosts);
  if (strange !== undefined) return { kind: "answer", refusal: strange };
  const { slots, session, claims } = read;
  const head = headOf(request, exchange, { upstream, target });
  return {
    kind: "exchange",
    head,
    headers: read.forward,
    key: keyFor(head, key, routes),
    slots,
    session,
    claims,
  };
}

function headOf(
  { headers, method = "GET" }: IncomingMessage,
  exchange: ExchangeId,
  { upstream, target }: Located,
): RequestHead {
  return {
    exchange,
    upstream,
    method,
    path: target.path,
    rawPath: target.rawPath,
    query: target.query,
    headers,
    hasBody:
      headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0",
  };
}

function keyFor(
  { upstream, headers }: RequestHead,
  key: string | undefined,
  { login }: Routes,
): string | undefined {
  if (upstream.wire !== "mcp" || key !== undefined) return key;
  const { authorization } = headers;
  return login.tokenIn(typeof authorization === "string" ? authorization : undefined);
}

/** No page of another site can make a browser write its target like this. */
function routeForwarded(
  { upstream, target, key: shown, credentials }: ForwardPlace,
  { forward, session, claims }: ReadHeaders,
  { request, exchange, routes }: Arriving,
): Routing {
  const { query, key, problem } = takeQueryKey(target.query, shown);
  if (problem !== undefined) return malformed(problem);
  const head = headOf(request, exchange, { upstream, target: { ...target, query } });
  const headers = credentials.length === 0 ? forward : [...forward, ...credentials];
  return { kind: "exchange", head, headers, key: keyFor(head, key, routes), session, claims };
}

interface Arriving {
  readonly request: IncomingMessage;
  readonly exchange: ExchangeId;
  readonly routes: Routes;
}

function malformed(detail: string): Routing {
  return { kind: "answer", refusal: { code: "malformed", detail } };
}

/** What stands below `/-/` is the gate's own. */
function reviewAsked(
  { head, path }: RequestTarget,
  request: IncomingMessage,
  { federation, hosts }: Routes,
): string | undefined {
  if (`/${head}${path.slice(0, path.lastIndexOf("/") + 1)}` !== REVIEW_PATH) return undefined;
  if (request.method !== "GET" || strangeCaller(request, federation, hosts)) return undefined;
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Undefined: nobody is told where to log in, or nothing at that address wants it. */
function metadataOf(
  { head, path }: RequestTarget,
  request: IncomingMessage,
  { upstreams, federation, login, hosts }: Routes,
): JsonObject | undefined {
  const { host } = request.headers;
  if (head !== WELL_KNOWN || !login.isAnnounced || host === undefined) return undefined;
  if (request.method !== "GET" || !path.startsWith(METADATA_PATH)) return undefined;
  if (strangeCaller(request, federation, hosts) !== undefined) return undefined;
  const endpoint = path.slice(METADATA_PATH.length);
  if (endpoint === "") return login.metadata(host, "");
  const inner = readRequestTarget(endpoint);
  const place = inner.kind === "ok" ? locate(inner.target, upstreams, federation) : undefined;
  const isEndpoint = place?.upstream.wire === "mcp" && place.target.path === "/";
  return isEndpoint ? login.metadata(host, endpoint) : undefined;
}

const PLACE_CHARS_MAX = 100;

/** As much of the path as names an upstream. */
function placeOf({ head, path }: RequestTarget): string {
  return (head === "mcp" ? `/mcp${path}` : `/${head}`).slice(0, PLACE_CHARS_MAX);
}

interface Located {
  readonly upstream: Upstream;
  readonly target: RequestTarget;
}

/** `/<upstream>/…`, `/mcp/<upstream>/…` for an MCP server, `/mcp` for all of them. */
function locate(
  target: RequestTarget,
  upstreams: ReadonlyMap<string, Upstream>,
  federation: Upstream,
): Located | undefined {
  if (target.head !== "mcp") {
    const upstream = upstreams.get(target.head);
    return upstream === undefined ? undefined : { upstream, target };
  }
  if (target.path === "/" && target.query === "") return { upstream: federation, target };
  const inner = readRequestTarget(target.rawPath + target.query);
  if (inner.kind === "problem") return undefined;
  const upstream = upstreams.get(inner.target.head);
  const path = `/${inner.target.head}`;
  if (upstream?.wire !== "mcp" && (path === STREAM_PATH || path === MESSAGE_PATH)) {
    return { upstream: federation, target: { ...target, query: inner.target.query } };
  }
  return upstream?.wire === "mcp" ? { upstream, target: inner.target } : undefined;
}

/**
 * A web page can make a browser speak to a loopback listener under a name of its own (DNS
 * rebinding) or from its own origin. A script cannot take Accept-Encoding away (a forbidden header
 * name of the Fetch standard), so a foreign Host without it is no browser's and harmless; MCP
 * servers must refuse it all the same, with 403 (2025-11-25, Transports, Security Warning).
 */
function strangeCaller(
  { headers }: IncomingMessage,
  { wire }: Upstream,
  hosts: Routes["hosts"],
): Refusal | undefined {
  const { host, origin } = headers;
  if (host !== undefined && !HOST.test(host)) {
    return { code: "malformed", detail: "The Host header is not a host." };
  }
  if (hosts === undefined) return undefined;
  const mayBeBrowser = wire === "mcp" || headers["accept-encoding"] !== undefined;
  if (host !== undefined && mayBeBrowser && !isOurs(hostname(host), hosts)) {
    const detail = `This listener does not answer to the host ${hostname(host)}.`;
    const remedy = "An operator lists the names it is known by under listen.names.";
    return { code: "foreign_origin", detail, remedy };
  }
  if (origin === undefined) {
    // An image or a link names no origin; the browser says of all that another site began it.
    return headers["sec-fetch-site"] === "cross-site" ? FROM_A_PAGE : undefined;
  }
  return isOurs(hostname(origin.replace(/^[a-z]+:\/\//i, "")), hosts) ? undefined : FROM_A_PAGE;
}

const FROM_A_PAGE: Refusal = {
  code: "foreign_origin",
  detail: "Requests from web pages of other origins are not answered.",
};

const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?$/;

function hostname(host: string): string {
  return host.startsWith("[") ? host.slice(1, host.indexOf("]")) : (host.split(":", 1)[0] ?? "");
}

function isOurs(name: string, hosts: ReadonlySet<string>): boolean {
  return name === "localhost" || isIP(name) !== 0 || hosts.has(name.toLowerCase());
}
