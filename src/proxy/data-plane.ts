/** The listener agents talk to: sockets, limits, one exchange a request. */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import { id, instant, type ExchangeId, type Instant, type Millis } from "../core/units.ts";
import type { Wire } from "../core/upstream.ts";
import { newId } from "../lib/ids.ts";
import { Roster } from "../lib/roster.ts";
import { govern, type Door } from "../operations/govern.ts";
import type { Ask, Presented } from "../pipeline/ask.ts";
import type { Ports } from "../pipeline/stages.ts";
import { answerClientError, isOfHead } from "./client-error.ts";
import { ClientReply } from "./client-reply.ts";
import { countTunnels, type TunnelCounts } from "./count-tunnels.ts";
import type { DataPlaneLimits } from "./data-plane-limits.ts";
import type { Shutdown } from "./forward-http.ts";
import type { ForwardProxy } from "./forward-proxy/forward-proxy.ts";
import type { UpgradeDoor } from "./upgrade/forward-upgrade.ts";
import {
  HttpExchange,
  type ExchangeParts,
  type ExchangeTools,
  type StandingStreams,
} from "./http-exchange.ts";
import { tellReview } from "./hold/tell-review.ts";
import type { McpOnDemand } from "./mcp/mcp-on-demand.ts";
import { renderRefusal } from "./refusals/render-refusal.ts";
import { presentedBy } from "./presented-by.ts";
import { routeRequest, type Routes } from "./route-request.ts";
import { CUT_BY_DRAIN } from "./upstream-failure.ts";
import type { UpstreamPools } from "./upstream-pools.ts";
import type { WireFamily } from "./wire.ts";

export interface DataPlaneOptions extends Routes {
  readonly ports: Ports;
  readonly wires: Readonly<Record<Exclude<Wire, "mcp">, WireFamily>>;
  readonly mcp: McpOnDemand;
  readonly pools: UpstreamPools;
  readonly upgrades: UpgradeDoor;
  readonly standing: StandingStreams;
  /** Undefined: `CONNECT` is refused. */
  readonly forward?: ForwardProxy | undefined;
  readonly limits: DataPlaneLimits;
  /** In clear text or with a certificate. */
  readonly createServer: (options: ServerOptions) => Server;
  readonly holdMax: Millis;
}

export interface DataPlane {
  readonly server: Server;
  /** Exchanges that are not closed yet. */
  readonly running: number;
  /** Tunnels that are open, or being opened. */
  tunnels(): TunnelCounts;
  /** Resolves when no exchange is running. */
  idle(): Promise<void>;
  /** Ends what would never end by itself: tunnels, listening streams, looks at MCP servers. */
  dismiss(): void;
  /** Ends what runs for a principal of whom `why` gives a reason: a stop, a session that is over. */
  stop(why: (principal: Principal) => Refusal | undefined): void;
  /** Ends tunnels of whoever may ask for nothing now, which is what `unwelcome` says. */
  review(unwelcome: Unwelcome): void;
  /** Breaks what is still running, with a last word where the wire has one, and its records say that the gateway did. */
  cut(): void;
}

/** Why whoever showed this may ask for nothing now. Never rejects. */
export type Unwelcome = (presented: Presented) => Promise<Refusal | undefined>;

/** How often sockets are checked against `headersTimeout`. */
const CHECK_INTERVAL_MS = 2_000;

export function createDataPlane(options: DataPlaneOptions): DataPlane {
  const { limits } = options;
  const server = options.createServer(serverOptions(limits));
  server.maxConnections = limits.connectionsMax;
  server.maxRequestsPerSocket = limits.requestsPerConnectionMax;
  const shutdown: Shutdown = { cutting: false, open: new Roster() };
  const listener = new Listener(options, shutdown);
  server.on("request", (request, response) => listener.serve(request, response, undefined));
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    listener.serve(request, response, () => response.writeContinue());
  });
  server.on("upgrade", (request, socket, first) => listener.upgrade(request, socket, first));
  // Without this, Node would close the connection and nobody learn why.
  server.on("connect", (request, socket, first) => listener.connect(request, socket, first));
  server.on("clientError", (error, socket) => {
    if (isOfHead(error)) options.ports.observer.turnedAway("malformed");
    answerClientError(error, socket);
  });
  return {
    server,
    get running(): number {
      return listener.running;
    },
    tunnels: () => countTunnels(shutdown.open),
    idle: () => listener.idle(),
    dismiss: () => {
      options.mcp.side?.dismiss();
      for (const stream of options.standing) stream.destroy();
    },
    stop: (why) => {
      for (const answer of shutdown.open) {
        const refusal = answer.principal === undefined ? undefined : why(answer.principal);
        if (refusal !== undefined) answer.cut(refusal);
      }
    },
    review: (unwelcome) => {
      for (const tunnel of shutdown.open) {
        if (tunnel.asking === undefined) continue;
        void unwelcome(tunnel.asking).then((why) => why && tunnel.cut(why));
      }
    },
    cut: () => {
      shutdown.cutting = true;
      for (const answer of shutdown.open) answer.cut(CUT_BY_DRAIN);
      // Node writes what it has corked before the next turn: until then last words would be lost.
      setImmediate(() => server.closeAllConnections());
    },
  };
}

function serverOptions(limits: DataPlaneLimits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeout,
    // Bodies have their own clock (request-body.ts): a long upload is not an attack.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAlive,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    requireHostHeader: true,
    insecureHTTPParser: false,
    noDelay: true,
    // What a client offers beside a plain request (HTTP/2 in clear text, as Java's does) may be
    // passed over (RFC 9110 §7.8).
    shouldUpgradeCallback: ({ method, headers }) =>
      method === "GET" && headers.upgrade?.toLowerCase() === "websocket",
  };
}

class Listener {
  running = 0;
  readonly #options: DataPlaneOptions;
  readonly #tools: ExchangeTools;
  #waiting: (() => void)[] = [];

  constructor(options: DataPlaneOptions, shutdown: Shutdown) {
    this.#options = options;
    const { pools, limits, ports, standing, holdMax } = options;
    this.#tools = { pools, limits, standing, shutdown, holdMax, vault: ports.vault };
    options.mcp.connect({ exchanges: this.#tools, run: (exchange) => this.#run(exchange) });
  }

  serve(request: IncomingMessage, response: ServerResponse, invite: ExchangeInvite): void {
    const at = this.#options.ports.now();
    const exchange = id<ExchangeId>(newId("exc", at));
    const reply = new ClientReply(response, exchange, this.#options.limits.readStall);
    const routed = routeRequest(request, exchange, this.#options);
    if (routed.kind === "answer") {
      this.#options.ports.observer.turnedAway(routed.refusal.code);
      const { code } = routed.refusal;
      reply.refuse(
        renderRefusal("http", routed.refusal, { exchange }),
        code === "malformed" || hasBody(request),
      );
      return;
    }
    if (routed.kind === "document") {
      const body = JSON.stringify(routed.document);
      const type = { "content-type": "application/json", "cache-control": "max-age=60" };
      return reply.refuse({ status: 200, headers: type, body }, hasBody(request));
    }
    const presented = presentedBy(routed, request);
    if (routed.kind === "review") {
      const told = tellReview(routed.review, presented, exchange, this.#options.ports);
      return void told.then((answer) => reply.refuse(answer, hasBody(request)));
    }
    const { head, headers } = routed;
    const { wire: family } = head.upstream;
    const arrival = { request, reply, head, headers, presented, at, invite };
    if (family === "mcp") this.#serveMcp(arrival);
    else this.#exchange(arrival, this.#options.wires[family]);
  }

  #serveMcp(arrival: Arrived): void {
    const { mcp } = this.#options;
    const { side } = mcp;
    if (side === undefined) {
      return this.#attend(
        arrival,
        mcp.load().then(() => this.#serveMcp(arrival)),
      );
    }
    const attended = side.attend(arrival);
    if (attended === undefined) this.#exchange(arrival, side.wire);
    else this.#attend(arrival, attended);
  }

  #exchange(arrival: Arrived, family: WireFamily): void {
    const wire = family.open(arrival.head);
    this.#run(new HttpExchange({ ...arrival, wire }, this.#tools));
  }

  upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): void {
    const at: Instant = instant(this.#options.ports.now());
    const exchange = id<ExchangeId>(newId("exc", at));
    const routed = routeRequest(request, exchange, this.#options);
    if (routed.kind !== "exchange") {
      const refusal = routed.kind === "answer" ? routed.refusal : NOTHING_TO_UPGRADE;
      return this.turnAway(socket, refusal, exchange);
    }
    const { head, headers } = routed;
    const presented = presentedBy(routed, request);
    this.#run(
      this.#options.upgrades.open({
        head,
        headers,
        presented,
        at,
        request,
        socket,
        first,
        open: this.#tools.shutdown.open,
      }),
    );
  }

  connect(request: IncomingMessage, socket: Duplex, first: Buffer): void {
    const { forward, ports } = this.#options;
    if (forward === undefined) return this.turnAway(socket, NO_TUNNELS);
    const at = instant(ports.now());
    const exchange = id<ExchangeId>(newId("exc", at));
    const read = forward.read(request);
    if (read.kind === "halt") return this.turnAway(socket, read.refusal, exchange);
    const presented = presentedBy(read.value, request);
    const { open } = this.#tools.shutdown;
    this.#run(forward.open({ ...read.value, exchange, at, presented, socket, first, open }));
  }

  /** For a socket that Node has let go of: nobody else would hear that it broke. */
  turnAway(socket: Duplex, refusal: Refusal, exchange = newExchange(this.#options)): void {
    socket.on("error", () => socket.destroy());
    this.#options.ports.observer.turnedAway(refusal.code);
    this.#options.upgrades.answer(socket, exchange, refusal);
  }

  idle(): Promise<void> {
    if (this.running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** What goes wrong before there is an exchange is a bug, and ends its connection alone. */
  #attend({ head, reply }: Arrived, served: Promise<void>): void {
    served.catch((error: unknown) => {
      this.#options.ports.observer.bug(error, head);
      reply.destroy();
    });
  }

  #run(exchange: Ask & Door): void {
    this.running += 1;
    void govern(exchange, exchange, this.#options.ports).finally(() => {
      this.running -= 1;
      if (this.running > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }
}

/** What is not read keeps the connection from its next request. */
function hasBody({ headers }: IncomingMessage): boolean {
  const { "content-length": length = "0", "transfer-encoding": coding } = headers;
  return length !== "0" || coding !== undefined;
}

function newExchange({ ports }: DataPlaneOptions): ExchangeId {
  return id<ExchangeId>(newId("exc", ports.now()));
}

const NO_TUNNELS: Refusal = {
  code: "malformed",
  detail: "CONNECT is not offered here: what goes through a tunnel could not be judged.",
  remedy:
    "Set the client's base URL to /<upstream> here, and no HTTPS proxy; an operator switches the " +
    "forward proxy on with forward_proxy.enabled.",
};

const NOTHING_TO_UPGRADE: Refusal = {
  code: "no_such_upstream",
  detail: "There is nothing to upgrade at this address.",
};

/** What an exchange is made of, but for its wire. */
type Arrived = Omit<ExchangeParts, "wire">;

type ExchangeInvite = (() => void) | undefined;
