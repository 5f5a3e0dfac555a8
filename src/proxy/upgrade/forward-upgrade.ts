/**
 * WebSocket upgrades, refused unless a rule names them: inside one, policy decides nothing request
 * by request, it only looks.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Facts, Outcome } from "../../core/evidence.ts";
import type { Refusal, RefusalCode } from "../../core/refusal.ts";
import type { Vault } from "../../core/secret/vault.ts";
import type { ExchangeId, Instant } from "../../core/units.ts";
import type { Upstream, Wire } from "../../core/upstream.ts";
import { pass } from "../../core/verdict.ts";
import type { Roster } from "../../lib/roster.ts";
import type { Authorized } from "../../operations/authorize.ts";
import type { Door } from "../../operations/govern.ts";
import type {
  Ask,
  InspectionReport,
  InterpretContext,
  Interpretation,
  Presented,
  ResponseInspector,
} from "../../pipeline/ask.ts";
import { toldOfFindings } from "../../pipeline/opaque.ts";
import type { Cuttable } from "../forward-http.ts";
import type { StandingStreams } from "../http-exchange.ts";
import { markSession, type Mark } from "../mark-session.ts";
import { renderRefusal } from "../refusals/render-refusal.ts";
import type { ConnectorFor } from "../upstream-pools.ts";
import { writeFrame } from "./frame-reader.ts";
import { createTunnelScreens, messageWatch } from "./tunnel-screens.ts";
import type { OpenTunnel, TunnelEnd } from "./upgrade-tunnel.ts";
import type { RequestHead } from "../wire.ts";
import { writeReply } from "../write-reply.ts";

export interface UpgradeParts {
  readonly head: RequestHead;
  /** Flat `name, value, …` fit to be forwarded. */
  readonly headers: readonly string[];
  readonly presented: Presented;
  readonly at: Instant;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly first: Buffer;
  /** Where what runs can be ended. */
  readonly open: Roster<Cuttable>;
}

export interface UpgradeDoor {
  open(parts: UpgradeParts): Ask & Door;
  answer(socket: Duplex, exchange: ExchangeId, refusal: Refusal): void;
}

export interface UpgradeTools {
  readonly vault: Vault;
  readonly connectorFor: ConnectorFor;
  readonly standing: StandingStreams;
  readonly mark: Mark;
}

interface Tunnelling extends UpgradeTools {
  readonly openTunnel: OpenTunnel;
}

export function createUpgradeDoor(tools: UpgradeTools): UpgradeDoor {
  let tunneller: Promise<OpenTunnel> | undefined;
  const openTunnel: OpenTunnel = async (asked) => {
    tunneller ??= loadTunneller(tools.connectorFor);
    const open = await tunneller;
    return asked.socket.destroyed ? { kind: "closed", bytes: 0 } : open(asked);
  };
  return {
    open: (parts) => {
      tools.standing.add(parts.socket);
      parts.socket.once("close", () => tools.standing.delete(parts.socket));
      return upgradeExchange(parts, { ...tools, openTunnel });
    },
    answer: (socket, exchange, refusal) =>
      writeReply(socket, renderRefusal("http", refusal, { exchange })),
  };
}

/** With the first upgrade: most gateways never see one, and the proxy behind it is not small. */
async function loadTunneller(connectorFor: ConnectorFor): Promise<OpenTunnel> {
  const { createTunneller } = await import("./upgrade-tunnel.ts");
  return createTunneller(connectorFor);
}

function upgradeExchange(parts: UpgradeParts, tools: Tunnelling): Ask & Door {
  const { head, socket } = parts;
  const { exchange, upstream, method, path } = head;
  // Until the tunnel has its own listeners, a client that leaves must not crash the process.
  socket.on("error", () => socket.destroy());
  let asked: InterpretContext | undefined;
  return {
    exchange,
    at: parts.at,
    upstream,
    method,
    path,
    presented: parts.presented,
    surroundings: { url: head.rawPath + head.query, headers: parts.headers },
    interpret: (context) => {
      asked = context;
      return Promise.resolve(pass(interpretationOf(head)));
    },
    refuse: (refusal) => refuse(parts, refusal),
    forward: (authorized, facts) =>
      lead(parts, tools, authorized, facts, (refusal) => toldOfFindings(asked, refusal)),
  };
}

/** Stages 9 and 10. `told`: what of a refusal the agent may know. */
async function lead(
  parts: UpgradeParts,
  { vault, mark, openTunnel }: Tunnelling,
  { inspections, looks, marking }: Authorized,
  facts: Facts,
  told: (refusal: Refusal) => Refusal,
): Promise<InspectionReport | undefined> {
  const { head, socket, presented } = parts;
  const { upstream, method, rawPath } = head;
  const borrowed = vault.credentialFor(upstream, method, rawPath, facts.principal);
  if (borrowed.kind === "halt") {
    const { code, detail, cause } = borrowed.refusal;
    facts.cause = cause;
    facts.outcome = { kind: "refused", code, detail };
    refuse(parts, borrowed.refusal);
    return undefined;
  }
  const credential = borrowed.value;
  facts.credential = credential?.label;
  let cutFor: RefusalCode | undefined;
  const tunnel: Cuttable = {
    place: -1,
    tunnel: "websocket",
    principal: facts.principal,
    asking: presented,
    cut: ({ code }) => {
      cutFor = code;
      socket.destroy();
    },
  };
  const cut = (refusal: Refusal): void => {
    if (cutFor !== undefined) return;
    cutFor = refusal.code;
    screens?.back.unpipe(socket);
    socket.end(farewellFrame(told(refusal)));
  };
  const around = {
    ...(looks && { watch: messageWatch(looks, facts) }),
    ...(marking && { marking }),
  };
  const screens = createTunnelScreens(inspections, credential?.echoes ?? [], upstream, cut, around);
  parts.open.add(tunnel);
  const begun = (): Refusal | undefined => markSession(facts, mark);
  const ended = await openTunnel({ ...parts, credential, facts, screens, begun });
  parts.open.remove(tunnel);
  facts.outcome = outcomeOf(ended, cutFor);
  if (ended.kind === "closed") return screens?.report(facts) ?? TUNNELLED;
  refuse(parts, ended.refusal);
  return undefined;
}

function refuse({ head: { upstream, exchange }, socket }: UpgradeParts, refusal: Refusal): void {
  writeReply(socket, renderRefusal(shapeOf(upstream), refusal, { exchange }));
}

const CLOSE = 8;
/** Policy violation. @see https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
const CLOSE_CODE = 1008;
/** A control frame's payload is 125 bytes at most, two of them the code. */
const REASON_BYTES_MAX = 123;

function farewellFrame({ code, detail }: Refusal): Buffer {
  // Cut by bytes, it must still be UTF-8.
  const plain = `${code}: ${detail}`.replaceAll(/[^ -~]/g, "?");
  const reason = Buffer.from(plain.slice(0, REASON_BYTES_MAX));
  const payload = Buffer.alloc(2 + reason.length);
  payload.writeUInt16BE(CLOSE_CODE);
  reason.copy(payload, 2);
  return writeFrame(CLOSE, payload, undefined);
}

const TUNNELLED: InspectionReport = {
  findings: [],
  scan: { kind: "unscanned", reason: "websocket", bytes: 0 },
  usage: undefined,
  model: undefined,
};

function outcomeOf(ended: TunnelEnd, cutFor: RefusalCode | undefined): Outcome {
  if (cutFor !== undefined) {
    return { kind: "cut", code: cutFor, bytes: ended.kind === "closed" ? ended.bytes : 0 };
  }
  if (ended.kind === "closed") return { kind: "completed", status: 101, bytes: ended.bytes };
  const { code, detail } = ended.refusal;
  return { kind: "refused", code, detail };
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

/** MCP refuses inside JSON-RPC, and an upgrade is none: it gets the plain HTTP shape. */
function shapeOf({ wire }: Upstream): Exclude<Wire, "mcp"> {
  return wire === "mcp" ? "http" : wire;
}
