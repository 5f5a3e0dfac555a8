/** Hosts that agents choose themselves: `CONNECT`, and requests in absolute form. */
import type { IncomingMessage } from "node:http";
import {
  HTTP_PORT,
  HTTPS_PORT,
  readAuthority,
  type Authority,
} from "../../core/address/authority.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { Upstream } from "../../core/upstream.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import type { Door } from "../../operations/govern.ts";
import type { HostPlaces } from "../../operations/planning/check-permission.ts";
import type { Ask } from "../../pipeline/ask.ts";
import type { Mark } from "../mark-session.ts";
import { ownCredentials, readRequestHeaders } from "../request-headers.ts";
import { readRequestTarget, type RequestTarget } from "../request-target.ts";
import type { Credentials, ForwardPlace, ForwardPlaces } from "../route-request.ts";
import type { ConnectorFor } from "../upstream-pools.ts";
import type { WireFamily } from "../wire.ts";
import { admitTunnel, connectExchange, type ConnectParts } from "./connect-exchange.ts";
import { createDestinations, type Destination } from "./destinations.ts";
import type { ForwardProxySettings } from "./forward-proxy-settings.ts";
import { createForwardedWire } from "./forwarded-wire.ts";
import { proxyKey } from "./proxy-key.ts";

export interface ForwardProxy extends ForwardPlaces, HostPlaces {
  /** In place of that for plain HTTP. */
  readonly wire: WireFamily;
  /** Reads the head of a `CONNECT`. */
  read(request: IncomingMessage): Verdict<AskedTunnel>;
  /** Once it is known who asks. */
  open(parts: ConnectParts): Ask & Door;
}

export interface AskedTunnel extends Credentials {
  readonly destination: Destination;
  readonly headers: readonly string[];
  readonly trace: string | undefined;
}

export interface ForwardProxyParts {
  readonly settings: ForwardProxySettings;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly connectorFor: ConnectorFor;
  /** Where clients reach the gate; empty: not known. */
  readonly base: string;
  readonly mark: Mark;
}

export function createForwardProxy(parts: ForwardProxyParts): ForwardProxy {
  const { settings, connectorFor, upstreams, base, mark } = parts;
  const destinations = createDestinations(settings, upstreams, base);
  let taken = 0;
  const places = {
    take: () => taken < settings.tunnelsMax && (taken += 1) > 0,
    free: () => void (taken -= 1),
  };
  const tools = { settings, destinations, connectorFor, places, mark };
  return {
    wire: createForwardedWire(destinations, settings.httpPorts),
    read(request) {
      const asked = readConnect(request);
      if (asked.kind === "halt") return asked;
      const { authority, ...read } = asked.value;
      return pass({ ...read, destination: destinations.secure(authority) });
    },
    open: (asked) => connectExchange(asked, tools),
    admit({ method, host }, by) {
      const isTunnel = method === "CONNECT";
      const reading = readAuthority(host, isTunnel ? HTTPS_PORT : HTTP_PORT);
      if (reading.kind === "problem") return malformed(reading.message);
      const { authority } = reading;
      const destination = isTunnel ? destinations.secure(authority) : destinations.plain(authority);
      const admitted = isTunnel
        ? admitTunnel(destination, by, tools)
        : destinations.admit(destination, settings.httpPorts, by.principal.tenant);
      return admitted.kind === "halt" ? admitted : pass(destination.upstream);
    },
    place(request, shown) {
      const read = readAbsolute(request);
      if (read === undefined || read.kind === "halt") return read;
      const key = proxyKey(request.headers["proxy-authorization"], shown);
      if (key.kind === "problem") return malformed(key.message);
      const { authority, target } = read.value;
      const known = destinations.upstreamAt(authority, target.rawPath);
      if (known !== undefined) return belowPrefix(known, target, key.key);
      const { upstream, terms } = destinations.plain(authority);
      const credentials = terms.ownCredentials ? ownCredentials(request.rawHeaders) : NOTHING;
      return pass({ upstream, target, key: key.key, credentials });
    },
  };
}

const NOTHING: readonly string[] = [];

const malformed = (detail: string, remedy?: string): Verdict<never> => {
  const refusal: Refusal = { code: "malformed", detail };
  return halt(remedy === undefined ? refusal : { ...refusal, remedy });
};

function readConnect(
  request: IncomingMessage,
): Verdict<Omit<AskedTunnel, "destination"> & { readonly authority: Authority }> {
  const { headers, rawHeaders, url = "" } = request;
  const read = readRequestHeaders(rawHeaders);
  if (read.kind === "problem") return malformed(read.message);
  const { "content-length": length = "0", "transfer-encoding": coding } = headers;
  if (length !== "0" || coding !== undefined) return malformed("A CONNECT has no body.");
  const reading = readAuthority(url, undefined);
  if (reading.kind === "problem") return malformed(reading.message, "CONNECT host:port");
  const { authority } = reading;
  if (headers.host !== undefined && !isSame(headers.host, authority, authority.port)) {
    return malformed("The Host header names another host than CONNECT.");
  }
  const key = proxyKey(headers["proxy-authorization"], read.key);
  if (key.kind === "problem") return malformed(key.message);
  const { session, claims, forward } = read;
  const { traceparent } = headers;
  const trace = typeof traceparent === "string" ? traceparent : undefined;
  return pass({ authority, headers: forward, trace, key: key.key, session, claims });
}

/** A scheme and what follows it (RFC 9112 §3.2.2). */
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^]*)$/;

function readAbsolute(
  request: IncomingMessage,
): Verdict<{ readonly authority: Authority; readonly target: RequestTarget }> | undefined {
  const { url = "", headers } = request;
  const [, scheme = "", host, rest = ""] = ABSOLUTE.exec(url) ?? [];
  if (scheme === "") return undefined;
  if (scheme.toLowerCase() !== "http") return malformed(NOT_PLAIN, "CONNECT host:443");
  if (host === undefined) return malformed("The request target names no host.");
  const reading = readAuthority(host, HTTP_PORT);
  if (reading.kind === "problem") return malformed(reading.message);
  const { authority } = reading;
  if (headers.host === undefined || !isSame(headers.host, authority, HTTP_PORT)) {
    return malformed("The Host header names another host than the request target.");
  }
  if (headers.upgrade?.toLowerCase() === "websocket") {
    return malformed("A WebSocket goes through CONNECT.", "Ask for a tunnel to the same host.");
  }
  const below = rest.startsWith("/") ? rest : `/${rest}`;
  const target = readRequestTarget(`/-${below}`);
  if (target.kind === "problem") return malformed(target.message);
  return pass({ authority, target: target.target });
}

const NOT_PLAIN = "Only http:// is forwarded like this: what is encrypted goes through CONNECT.";

function isSame(host: string, { hostname, port }: Authority, usual: number): boolean {
  const reading = readAuthority(host, usual);
  if (reading.kind === "problem") return false;
  return reading.authority.hostname === hostname && reading.authority.port === port;
}

/** As if it were called by its name, below which its prefix is added again. */
function belowPrefix(
  upstream: Upstream,
  target: RequestTarget,
  key: string | undefined,
): Verdict<ForwardPlace> {
  const below = target.rawPath.slice(upstream.pathPrefix.length);
  const again = readRequestTarget(`/-${below === "" ? "/" : below}${target.query}`);
  if (again.kind === "problem") return malformed(again.message);
  return pass({ upstream, target: again.target, key, credentials: NOTHING });
}
