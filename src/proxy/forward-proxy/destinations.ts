/**
 * Hosts that agents choose. Each request's is an `Upstream` of its own, made for it: nothing is
 * kept of a host that was named once.
 */
import { isIP } from "node:net";
import { FORWARD_PROXY } from "../../core/forward-proxy.ts";
import { matchesName } from "../../core/policy/glob.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { TenantId } from "../../core/units.ts";
import { isOpenTo, OVER_HTTP, type Upstream } from "../../core/upstream.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import { hostOf, HTTP_PORT, HTTPS_PORT, type Authority } from "../../core/address/authority.ts";
import type { ForwardProxySettings, HostTerms } from "./forward-proxy-settings.ts";

export interface Destination {
  readonly authority: Authority;
  readonly terms: HostTerms;
  readonly upstream: Upstream;
}

export interface Destinations {
  /** For `CONNECT`. */
  secure(authority: Authority): Destination;
  /** For a request in clear text. */
  plain(authority: Authority): Destination;
  /** The destination that `plain` made. */
  of(upstream: Upstream): Destination | undefined;
  /** Everybody's upstream that is at this place, under its longest prefix of the path. */
  upstreamAt(authority: Authority, rawPath: string): Upstream | undefined;
  /** Whether this tenant's agents may be led there at all. */
  admit(destination: Destination, ports: readonly number[], tenant: TenantId): Verdict<undefined>;
}

/** `base`: where clients reach the gate; empty: not known. */
export function createDestinations(
  settings: ForwardProxySettings,
  upstreams: ReadonlyMap<string, Upstream>,
  base: string,
): Destinations {
  const made = new WeakMap<Upstream, Destination>();

  function destination(authority: Authority, scheme: "http" | "https"): Destination {
    const terms = termsOf(settings, authority);
    const host = hostOf(authority, scheme === "http" ? HTTP_PORT : HTTPS_PORT);
    const upstream = upstreamFor(`${scheme}://${host}`, host, { settings, terms });
    const found = { authority, terms, upstream };
    made.set(upstream, found);
    return found;
  }

  function neighbours(authority: Authority): readonly Upstream[] {
    return [...upstreams.values()].filter((upstream) => isAt(upstream, authority));
  }

  return {
    secure: (authority) => destination(authority, "https"),
    plain: (authority) => destination(authority, "http"),
    of: (upstream) => made.get(upstream),
    upstreamAt: (authority, rawPath) =>
      neighbours(authority)
        .filter(({ tenant, origin, pathPrefix }) => {
          const isPlain = origin === `http://${hostOf(authority, HTTP_PORT)}`;
          return tenant === undefined && isPlain && isBelow(pathPrefix, rawPath);
        })
        .toSorted((a, b) => b.pathPrefix.length - a.pathPrefix.length)[0],
    admit({ authority }, ports, tenant) {
      const known = neighbours(authority).find((upstream) => isOpenTo(upstream, tenant));
      if (known !== undefined) return halt(useUpstream(known, base));
      if (!ports.includes(authority.port)) return halt(portClosed(authority, ports));
      return pass(undefined);
    },
  };
}

const NO_TERMS: Omit<HostTerms, "host"> = {
  allowPrivate: false,
  opaque: false,
  ownCredentials: false,
};

function termsOf({ hosts }: ForwardProxySettings, authority: Authority): HostTerms {
  const { hostname } = authority;
  const isAddress = hostname.startsWith("[") || isIP(hostname) !== 0;
  const host = hostOf(authority, -1);
  const found = hosts.find(({ host: glob }) => {
    // A glob is for names: `*` must not list the metadata service.
    if (isAddress && glob.kind !== "exact") return false;
    return matchesName(glob, hostname) || matchesName(glob, host);
  });
  return found ?? { host: ANY_HOST, ...NO_TERMS };
}

const ANY_HOST: HostTerms["host"] = { text: "*", kind: "any", literal: "", pieces: ["", ""] };

interface Making {
  readonly settings: ForwardProxySettings;
  readonly terms: HostTerms;
}

function upstreamFor(origin: string, host: string, { settings, terms }: Making): Upstream {
  const { timeouts, requestBytesMax, responseBytesMax, unscannable } = settings;
  return {
    name: FORWARD_PROXY,
    wire: "http",
    transport: OVER_HTTP,
    origin,
    host,
    pathPrefix: "",
    priceProvider: "",
    credential: undefined,
    allowPrivate: terms.allowPrivate,
    connectionsMax: 1,
    timeouts,
    requestBytesMax,
    responseBytesMax,
    unscannable,
  };
}

const USUAL: ReadonlySet<number> = new Set([HTTP_PORT, HTTPS_PORT]);

/** A host that is reached by both usual ports is one place. */
function isAt({ origin }: Upstream, { hostname, port }: Authority): boolean {
  const url = URL.parse(origin);
  if (url === null || url.hostname !== hostname) return false;
  if (url.protocol !== "http:" && url.protocol !== "https:") return false;
  const usual = url.protocol === "http:" ? HTTP_PORT : HTTPS_PORT;
  const own = url.port === "" ? usual : Number(url.port);
  return own === port || (USUAL.has(own) && USUAL.has(port));
}

function isBelow(prefix: string, rawPath: string): boolean {
  return rawPath === prefix || rawPath.startsWith(`${prefix}/`);
}

function useUpstream({ name, wire, host }: Upstream, base: string): Refusal {
  const path = wire === "mcp" ? `/mcp/${name}` : `/${name}`;
  return {
    code: "tunnel_refused",
    detail: `${host} is the upstream ${name} of this gateway, and reached by its name only.`,
    remedy: `Set the client's base URL to ${base}${path}, and send the same request there.`,
  };
}

function portClosed({ port }: Authority, ports: readonly number[]): Refusal {
  return {
    code: "tunnel_refused",
    detail: `The forward proxy does not lead to port ${port}: only to ${ports.join(", ")}.`,
    remedy: "An operator lists ports in forward_proxy.connect_ports and http_ports.",
  };
}
