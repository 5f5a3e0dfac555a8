/**
 * Opens sockets to upstreams. The name is resolved here, every address is judged, and the socket
 * goes to one of those that passed: a second resolution, which an attacker could answer otherwise
 * (DNS rebinding), does not happen. TLS still proves the original name.
 */
import { lookup as systemLookup, type LookupAddress } from "node:dns";
import type { LookupFunction, Socket } from "node:net";
import buildConnector from "undici/lib/core/connect.js";
import type { Millis } from "../../core/units.ts";
import { errorOf } from "../../lib/caught.ts";
import { impossible } from "../../lib/impossible.ts";
import { classifyAddress, type AddressKind } from "../../core/address/classify-address.ts";

/** Past these a name's further addresses are not tried, so that a connect stays bounded. */
const ADDRESSES_MAX = 8;

export const ADDRESS_FORBIDDEN = "ERR_ADDRESS_FORBIDDEN";

/** All addresses of a name, in the order to try them. */
export type ResolveName = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface GuardOptions {
  /** Lets loopback, private, shared and link-local addresses pass. */
  readonly allowPrivate: boolean;
  /** Name look-up, TCP and TLS together. */
  readonly connectTimeout: Millis;
  /**
   * PEM, in place of the system's authorities. Asked with each connection, so that a replaced file
   * counts from the next one on; what it throws is why there is none.
   */
  readonly readAuthorities?: () => string;
  /** The system's resolver unless given. */
  readonly resolve?: ResolveName;
}

export function createGuardedConnector(options: GuardOptions): buildConnector.connector {
  const connect = trustingConnector(options);
  return (target, done) => {
    const literal = classifyAddress(target.hostname);
    if (
      literal === "not_an_address"
        ? looksNumeric(target.hostname)
        : !allowed(literal, options, "configured")
    ) {
      // Asynchronous like every other answer: undici does not expect one before it has returned.
      queueMicrotask(() => done(addressForbidden(target.hostname, [literal]), null));
      return;
    }
    connect(target, (error, socket) => {
      if (error !== null) return done(error, null);
      const source = literal === "not_an_address" ? "resolved" : "configured";
      const reached = forbiddenPeer(socket, source, options);
      if (reached === undefined) return done(null, socket);
      socket.destroy();
      done(addressForbidden(target.hostname, [reached]), null);
    });
  };
}

function trustingConnector(options: GuardOptions): buildConnector.connector {
  const { readAuthorities } = options;
  if (readAuthorities === undefined) return plainConnector(options, undefined);
  let believed = "";
  let connect: buildConnector.connector | undefined;
  return (target, done) => {
    try {
      const read = readAuthorities();
      // A new connector has no TLS sessions that the old authorities vouched for.
      if (connect === undefined || read !== believed) connect = plainConnector(options, read);
      believed = read;
      connect(target, done);
    } catch (error) {
      queueMicrotask(() => done(errorOf(error), null));
    }
  };
}

function plainConnector(
  options: GuardOptions,
  authorities: string | undefined,
): buildConnector.connector {
  return buildConnector({
    timeout: options.connectTimeout,
    allowH2: false,
    // Written out: NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment must not switch it off.
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    lookup: guardedLookup(options),
    autoSelectFamily: true,
    ...(authorities === undefined ? {} : { ca: authorities }),
  });
}

/** `net.connect` asks this instead of the system, and connects to nothing else. */
function guardedLookup(options: GuardOptions): LookupFunction {
  const resolve = options.resolve ?? resolveBySystem;
  return (hostname, wanted, done) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) return done(error, "", 0);
      const passed = addresses
        .filter(({ address }) => allowed(classifyAddress(address), options, "resolved"))
        .slice(0, ADDRESSES_MAX);
      const [first] = passed;
      if (first === undefined) {
        return done(addressForbidden(hostname, addresses.map(kindOf)), "", 0);
      }
      if (wanted.all === true) done(null, passed);
      else done(null, first.address, first.family);
    });
  };
}

function resolveBySystem(hostname: string, done: Parameters<ResolveName>[1]): void {
  systemLookup(hostname, { all: true }, done);
}

/**
 * Whether the operator wrote this very address into the configuration. Only then may it be a
 * metadata service or another special address, and only with `allowPrivate`.
 */
type AddressSource = "configured" | "resolved";

function allowed(
  kind: AddressKind,
  { allowPrivate }: GuardOptions,
  source: AddressSource,
): boolean {
  switch (kind) {
    case "public":
      return true;
    case "loopback":
    case "private":
    case "shared":
    case "link_local":
      return allowPrivate;
    case "metadata":
    case "unspecified":
    case "reserved":
      return allowPrivate && source === "configured";
    case "multicast":
    case "not_an_address":
      return false;
    default:
      return impossible(kind);
  }
}

/**
 * Looks again at where the socket really ended, should the library below ever resolve by itself. A
 * socket without a peer is already closed and can carry nothing.
 */
function forbiddenPeer(
  socket: Socket,
  source: AddressSource,
  options: GuardOptions,
): AddressKind | undefined {
  if (socket.remoteAddress === undefined) return undefined;
  const kind = classifyAddress(socket.remoteAddress);
  return allowed(kind, options, source) ? undefined : kind;
}

/**
 * `127.1`, `0x7f000001`, `2130706433`: names for our parser, addresses for some resolvers. No
 * top-level domain is numeric, so nothing honest is lost.
 */
function looksNumeric(hostname: string): boolean {
  const labels = hostname.replace(/\.$/u, "").split(".");
  return /^(?:\d+|0x[\da-f]*)$/iu.test(labels.at(-1) ?? "");
}

function kindOf({ address }: LookupAddress): AddressKind {
  return classifyAddress(address);
}

/** The message is for the operator's log: it names the kinds, not the addresses. */
function addressForbidden(hostname: string, kinds: readonly AddressKind[]): NodeJS.ErrnoException {
  const what = kinds.length === 0 ? "no address" : [...new Set(kinds)].join(", ");
  const error = new Error(`${hostname} leads to ${what}, which this upstream may not reach`);
  return Object.assign(error, { code: ADDRESS_FORBIDDEN });
}
