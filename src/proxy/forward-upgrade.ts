/**
 * WebSocket upgrades, refused unless a rule names them: inside one, nothing is seen request by
 * request. http-proxy-3 does the tunnelling and is imported only here; it forwards what it is
 * given, so it is given clean headers and a guarded socket.
 */
import { Agent, STATUS_CODES, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ProxyServer } from "http-proxy-3";
import type { Facts, Outcome } from "../core/evidence.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Credential, Vault } from "../core/secret/vault.ts";
import type { ExchangeId, Instant } from "../core/units.ts";
import type { Upstream, Wire } from "../core/upstream.ts";
import { pass } from "../core/verdict.ts";
import type { Door } from "../operations/govern.ts";
import type {
  Ask,
  InspectionReport,
  Interpretation,
  Presented,
  ResponseInspector,
} from "../pipeline/ask.ts";
import type { StandingStreams } from "./http-exchange.ts";
import { renderRefusal } from "./refusals/render-refusal.ts";
import type { ConnectorFor } from "./upstream-pools.ts";
import { refusalOfFailure } from "./upstream-failure.ts";
import type { RequestHead, WireReply } from "./wire.ts";

export interface UpgradeParts {
  readonly head: RequestHead;
  /** Flat `name, value, …` fit to be forwarded. */
  readonly headers: readonly string[];
  readonly presented: Presented;
  readonly at: Instant;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly first: Buffer;
}

export interface UpgradeDoor {
  open(parts: UpgradeParts): Ask & Door;
  answer(socket: Duplex, exchange: ExchangeId, refusal: Refusal): void;
}

export interface UpgradeTools {
  readonly vault: Vault;
  readonly connectorFor: ConnectorFor;
  readonly standing: StandingStreams;
}

export function createUpgradeDoor(tools: UpgradeTools): UpgradeDoor {
  const proxy = new ProxyServer({ ws: true, xfwd: false });
  // Every call below has its own error callback; without a listener an "error" event would throw.
  proxy.on("error", () => {});
  return {
    open: (parts) => {
      tools.standing.add(parts.socket);
      parts.socket.once("close", () => tools.standing.delete(parts.socket));
      return upgradeExchange(parts, tools, proxy);
    },
    answer: (socket, exchange, refusal) =>
      writeReply(socket, renderRefusal("http", refusal, { exchange })),
  };
}

/**
 * The one socket of a tunnel comes from the connector that pins DNS and refuses private addresses.
 * It goes with the client's: a server that does not answer a FIN would keep it for ever.
 */
function guardedAgent(upstream: Upstream, connectorFor: ConnectorFor, client: Duplex): Agent {
  const { protocol, hostname, port, host } = new URL(upstream.origin);
  const connect = connectorFor(upstream);
  const agent = protocol === "https:" ? new TlsAgent() : new Agent();
  agent.createConnection = (_options, done) => {
    connect({ protocol, hostname, port, host }, (error, socket) => {
      if (error === null) {
        client.once("close", () => socket.destroySoon());
        done?.(null, socket);
      } else {
        // The signature wants a socket beside the error; nobody reads it.
        done?.(error, new Socket().destroy());
      }
    });
    return undefined;
  };
  return agent;
}

function upgradeExchange(
  parts: UpgradeParts,
  { vault, connectorFor }: UpgradeTools,
  proxy: ProxyServer,
): Ask & Door {
  const { head, socket } = parts;
  const { exchange, upstream, method, path } = head;
  // Until the tunnel has its own listeners, a client that leaves must not crash the process.
  socket.on("error", () => socket.destroy());
  return {
    exchange,
    at: parts.at,
    upstream,
    method,
    path,
    presented: parts.presented,
    surroundings: { url: head.rawPath + head.query, headers: parts.headers },
    interpret: () => Promise.resolve(pass(interpretationOf(head))),
    refuse: (refusal) =>
      writeReply(socket, renderRefusal(shapeOf(upstream), refusal, { exchange })),
    forward: async (_authorized, facts) => {
      const borrowed = vault.credentialFor(upstream, method, path);
      if (borrowed.kind === "halt") {
        const { code, detail, cause } = borrowed.refusal;
        facts.cause = cause;
        facts.outcome = { kind: "refused", code, detail };
        writeReply(socket, renderRefusal(shapeOf(upstream), borrowed.refusal, { exchange }));
        return undefined;
      }
      facts.credential = borrowed.value?.label;
      facts.outcome = await tunnel(parts, borrowed.value, {
        proxy,
        agent: guardedAgent(upstream, connectorFor, socket),
        facts,
      });
      return TUNNELLED;
    },
  };
}

const TUNNELLED: InspectionReport = {
  findings: [],
  scan: { kind: "unscanned", reason: "websocket", bytes: 0 },
  usage: undefined,
  model: undefined,
};

interface TunnelMeans {
  readonly proxy: ProxyServer;
  readonly agent: Agent;
  readonly facts: Facts;
}

/** Resolves when both sides are closed. */
function tunnel(
  parts: UpgradeParts,
  credential: Credential | undefined,
  { proxy, agent, facts }: TunnelMeans,
): Promise<Outcome> {
  const { head, request, socket, first } = parts;
  const { upstream } = head;
  request.url = upstream.pathPrefix + head.rawPath + head.query;
  request.headers = upgradeHeaders(parts, credential);
  facts.sent = true;
  const idle = upstream.timeouts.idle;
  if (socket instanceof Socket) socket.setTimeout(idle, () => socket.destroy());
  return new Promise((resolve) => {
    const bytes = (): number => (socket instanceof Socket ? socket.bytesWritten : 0);
    socket.once("close", () => resolve({ kind: "completed", status: 101, bytes: bytes() }));
    proxy.ws(request, socket, first, { target: upstream.origin, agent }, (error) => {
      const refusal = refusalOfFailure(error, upstream.name);
      facts.cause = error;
      if (bytes() === 0) writeReply(socket, renderRefusal(shapeOf(upstream), refusal, head));
      resolve({ kind: "refused", code: refusal.code, detail: refusal.detail });
    });
  });
}

/** Subprotocols in which OpenAI's browser clients carry a key. */
const KEY_PROTOCOL = /^openai-(?:insecure-api-key|organization|project)\./;

function upgradeHeaders(
  { head, headers }: UpgradeParts,
  credential: Credential | undefined,
): IncomingHttpHeaders {
  const clean: IncomingHttpHeaders = {};
  for (let i = 0; i + 1 < headers.length; i += 2) clean[headers[i] ?? ""] = headers[i + 1];
  const protocols = clean["sec-websocket-protocol"]?.split(",").map((name) => name.trim()) ?? [];
  const kept = protocols.filter((name) => !KEY_PROTOCOL.test(name));
  delete clean["sec-websocket-protocol"];
  if (kept.length > 0) clean["sec-websocket-protocol"] = kept.join(", ");
  clean.host = head.upstream.host;
  clean.connection = "Upgrade";
  clean.upgrade = "websocket";
  if (credential !== undefined) clean[credential.header] = credential.value;
  return clean;
}

function interpretationOf({ upstream, method, path, query }: RequestHead): Interpretation {
  return {
    action: {
      kind: "http",
      upstream: upstream.name,
      method,
      host: upstream.host,
      path,
      query,
      special: "upgrade",
      body: undefined,
    },
    scannable: { kind: "none" },
    metering: undefined,
    source: () => "",
    compose: () => ({ kind: "none" }),
    inspector: () => NEVER_ASKED,
  };
}

/** A tunnel has no response to inspect; what passes through it is recorded as unscanned. */
const NEVER_ASKED: ResponseInspector = {
  head: () => ({ kind: "pass", scan: TUNNELLED.scan }),
  chunk: (bytes) => ({ kind: "emit", chunks: [bytes] }),
  end: () => ({ kind: "emit", chunks: [] }),
  report: () => TUNNELLED,
};

function writeReply(socket: Duplex, reply: WireReply): void {
  if (!socket.writable) return;
  const lines = Object.entries(reply.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const reason = STATUS_CODES[reply.status] ?? "Refused";
  socket.end(
    `HTTP/1.1 ${reply.status} ${reason}\r\n${lines.join("")}connection: close\r\n` +
      `content-length: ${Buffer.byteLength(reply.body)}\r\n\r\n${reply.body}`,
  );
}

/** MCP refuses inside JSON-RPC, and an upgrade is none: it gets the plain HTTP shape. */
function shapeOf({ wire }: Upstream): Exclude<Wire, "mcp"> {
  return wire === "mcp" ? "http" : wire;
}
