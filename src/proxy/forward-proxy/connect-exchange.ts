/**
 * `CONNECT host:port`, judged like any exchange before the host hears of it. What goes through the
 * tunnel afterwards nobody sees, and the record says so.
 */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { buildConnector } from "undici";
import type { Facts, Outcome, Scan } from "../../core/evidence.ts";
import type { Refusal } from "../../core/refusal.ts";
import { millis, type ExchangeId, type Instant } from "../../core/units.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import type { Door } from "../../operations/govern.ts";
import type {
  Ask,
  InspectionReport,
  InterpretContext,
  Interpretation,
  Presented,
  ResponseInspector,
} from "../../pipeline/ask.ts";
import type { Cuttable } from "../forward-http.ts";
import type { Roster } from "../../lib/roster.ts";
import { markSession, type Mark } from "../mark-session.ts";
import { renderRefusal } from "../refusals/render-refusal.ts";
import { refusalOfFailure } from "../upstream-failure.ts";
import { hostOf } from "../../core/address/authority.ts";
import type { Destination, Destinations } from "./destinations.ts";
import { dial } from "./dial.ts";
import type { ForwardProxySettings } from "./forward-proxy-settings.ts";
import { askedByProxy } from "./asked-by-proxy.ts";
import { writeReply } from "../write-reply.ts";
import { openTunnel, type TunnelEnd } from "./tunnel.ts";

export interface ConnectParts {
  readonly exchange: ExchangeId;
  readonly at: Instant;
  readonly destination: Destination;
  /** Flat `name, value, …` without credentials: looked at, never sent. */
  readonly headers: readonly string[];
  readonly trace: string | undefined;
  readonly presented: Presented;
  readonly socket: Duplex;
  readonly first: Buffer;
  /** Where what runs can be ended. */
  readonly open: Roster<Cuttable>;
}

export interface ConnectTools {
  readonly settings: ForwardProxySettings;
  readonly destinations: Destinations;
  /** DNS pinned, addresses guarded. */
  readonly connectorFor: (upstream: Destination["upstream"]) => buildConnector.connector;
  readonly places: Places;
  readonly mark: Mark;
}

/** How many tunnels there may be at once. */
export interface Places {
  take(): boolean;
  free(): void;
}

export function connectExchange(parts: ConnectParts, tools: ConnectTools): Ask & Door {
  const { exchange, at, destination, presented, socket, headers, trace } = parts;
  const { upstream, authority } = destination;
  const target = hostOf(authority, NO_PORT);
  // Nobody else would hear that a client leaves before there is a tunnel.
  socket.on("error", () => socket.destroy());
  let holdsPlace = false;
  const leave = (): void => {
    if (holdsPlace) tools.places.free();
    holdsPlace = false;
  };
  const refuse = (refusal: Refusal): void =>
    writeReply(socket, renderRefusal("http", askedByProxy(refusal), { exchange }));
  return {
    exchange,
    at,
    upstream,
    method: "CONNECT",
    path: target,
    presented,
    trace,
    surroundings: { url: `https://${target}/`, headers },
    interpret(context) {
      const admitted = admitTunnel(destination, context, tools);
      if (admitted.kind === "halt") return Promise.resolve(admitted);
      holdsPlace = tools.places.take();
      return Promise.resolve(holdsPlace ? pass(interpretationOf(destination)) : TOO_MANY);
    },
    refuse(refusal) {
      leave();
      refuse(refusal);
    },
    async forward(_authorized, facts) {
      try {
        return await lead(parts, tools, facts, refuse);
      } finally {
        leave();
      }
    },
  };
}

/** Where the port is always written. */
const NO_PORT = -1;

const TOO_MANY: Verdict<never> = halt({
  code: "too_many_tunnels",
  detail: "As many tunnels are open as this gateway takes.",
  remedy: "Close some, or try again later; an operator sets forward_proxy.tunnels_max.",
  retryIn: millis(5_000),
});

/** Before policy: whether a tunnel to this place can be dug at all. */
export function admitTunnel(
  destination: Destination,
  { principal, snapshot, now }: Pick<InterpretContext, "principal" | "snapshot" | "now">,
  { settings, destinations }: Pick<ConnectTools, "settings" | "destinations">,
): Verdict<undefined> {
  const admitted = destinations.admit(destination, settings.connectPorts, principal.tenant);
  if (admitted.kind === "halt" || settings.unscannable === "pass") return admitted;
  const { action } = interpretationOf(destination);
  const { request, response } = snapshot.inspectionsOf(principal, action, now);
  const looks = [...request.rules, ...response.rules];
  if (looks.length === 0) return admitted;
  return halt({
    code: "tunnel_unscannable",
    detail: `Policy wants to inspect what is sent and answered (${looks[0]?.id}), and nobody can see into a tunnel.`,
    remedy:
      "Reach this host as an upstream of the gateway, by its base URL; an operator adds it. Or the " +
      "operator lets tunnels pass unscanned: forward_proxy.unscannable.",
  });
}

/** Stages 9 and 10. */
async function lead(
  parts: ConnectParts,
  { settings, connectorFor, mark }: ConnectTools,
  facts: Facts,
  refuse: (refusal: Refusal) => void,
): Promise<InspectionReport | undefined> {
  const { destination, socket, exchange } = parts;
  if (!(socket instanceof Socket)) throw new TypeError("a tunnel needs a socket");
  const running = new Running(facts, parts.presented, socket);
  parts.open.add(running);
  try {
    const far = await dial(destination, connectorFor(destination.upstream), socket);
    if (far instanceof Error) {
      facts.cause = far;
      facts.outcome = unopened(running, far, destination);
      if (facts.outcome.kind === "refused")
        refuse(refusalOfFailure(far, destination.upstream.host));
      return undefined;
    }
    const address = hostOf(
      { hostname: far.remoteAddress ?? "", port: far.remotePort ?? 0 },
      NO_PORT,
    );
    socket.write(
      `HTTP/1.1 200 Connection Established\r\nx-sallyport-exchange: ${exchange}\r\n\r\n`,
    );
    let named: string | undefined;
    const { terms, authority } = destination;
    const tunnel = openTunnel({
      client: socket,
      first: parts.first,
      far,
      serverName: terms.opaque ? undefined : authority.hostname,
      settings,
      begun: (serverName) => {
        const refusal = markSession(facts, mark);
        if (refusal !== undefined) return refusal;
        facts.sent = true;
        named = serverName;
        return undefined;
      },
    });
    running.cutTunnel = tunnel.cut;
    const end = await tunnel.ended;
    const [sent, received] = [far.bytesWritten, far.bytesRead];
    facts.tunnel = { address, serverName: named, sent, received };
    facts.requestScan = unscanned(sent);
    facts.outcome = outcomeOf(end, received);
    if (end.kind === "cut") facts.cause = end.refusal.cause;
    return reportOf(received);
  } finally {
    parts.open.remove(running);
  }
}

/** What a stop or a shutdown ends, also before there is a tunnel. */
class Running implements Cuttable {
  place = -1;
  readonly tunnel = "connect";
  readonly principal: Cuttable["principal"];
  readonly asking: Presented;
  readonly #client: Socket;
  why: Refusal | undefined;
  cutTunnel: ((why: Refusal) => void) | undefined;

  constructor({ principal }: Facts, presented: Presented, client: Socket) {
    this.principal = principal;
    this.asking = presented;
    this.#client = client;
  }

  get client(): Socket {
    return this.#client;
  }

  cut(why: Refusal): void {
    this.why ??= why;
    if (this.cutTunnel === undefined) this.#client.destroy();
    else this.cutTunnel(why);
  }
}

function unopened({ why, client }: Running, error: Error, { upstream }: Destination): Outcome {
  if (why !== undefined) return { kind: "cut", code: why.code, bytes: 0 };
  if (client.destroyed) return { kind: "abandoned", by: "client", bytes: 0 };
  const { code, detail } = refusalOfFailure(error, upstream.host);
  return { kind: "refused", code, detail };
}

function outcomeOf(end: TunnelEnd, bytes: number): Outcome {
  switch (end.kind) {
    case "closed":
      return { kind: "completed", status: 200, bytes };
    case "cut":
      return { kind: "cut", code: end.refusal.code, bytes };
    case "abandoned":
      return { kind: "abandoned", by: end.by, bytes };
  }
}

function unscanned(bytes: number): Scan {
  return { kind: "unscanned", reason: "tunnel", bytes };
}

function reportOf(bytes: number): InspectionReport {
  return { findings: [], scan: unscanned(bytes), usage: undefined, model: undefined };
}

function interpretationOf({ upstream }: Destination): Interpretation {
  return {
    action: {
      kind: "http",
      upstream: upstream.name,
      method: "CONNECT",
      host: upstream.host,
      path: "/",
      query: "",
      special: "tunnel",
      body: undefined,
    },
    scannable: { kind: "opaque", reason: "it is a tunnel", bytes: 0 },
    metering: undefined,
    source: () => "",
    compose: () => ({ kind: "none" }),
    inspector: () => NEVER_ASKED,
  };
}

/** A tunnel has no answer that anybody could read. */
const NEVER_ASKED: ResponseInspector = {
  head: () => ({ kind: "pass", scan: unscanned(0) }),
  chunk: (bytes) => ({ kind: "emit", chunks: [bytes] }),
  end: () => ({ kind: "emit", chunks: [] }),
  report: () => reportOf(0),
};
