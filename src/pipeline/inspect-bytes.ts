/** Looks at the answers of plain HTTP upstreams: JSON whole, other text and events as they stream. */
import type { HeadFields } from "../core/head-fields.ts";
import { answerRefusal } from "../core/inspect/block-refusal.ts";
import { foreseeJson } from "./foresee-json.ts";
import { createEchoFilter, type EchoFilter } from "../core/inspect/echo-filter.ts";
import type { Finding } from "../core/inspect/finding.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import { createEventFramer, type EventFramer } from "../core/inspect/event-framer.ts";
import { eventWireOf, LINES, type EventWire } from "../core/inspect/event-wire.ts";
import { placeOfRunning, withoutEchoes } from "../core/inspect/running-findings.ts";
import { scanPlan } from "../core/inspect/scan-plan.ts";
import type { Frame } from "../core/inspect/frame.ts";
import { createStreamGate, type StreamGate } from "../core/inspect/stream-gate.ts";
import {
  charsetOf,
  createTextCodec,
  type Charset,
  type TextCodec,
} from "../core/inspect/text-codec.ts";
import type { Scan } from "../core/evidence.ts";
import type { Upstream } from "../core/upstream.ts";
import { createTextFramer, jsonFrame, textFrames } from "./body-frames.ts";
import { HttpAhead } from "./http-ahead.ts";
import { lookAtFields } from "./look-at-fields.ts";
import { isBinary, isUntold, looksBinary, SNIFF_BYTES } from "./is-binary.ts";
import type { ChunkVerdict, HeadVerdict, ResponseInspector } from "./ask.ts";

const FRAMES_MAX = 4096;
/** 0xFF and 0xFE, in either order. */
const BYTE_ORDER_MARK = 0xff + 0xfe;

const NOT_ASKED: Scan = { kind: "none", reason: "not_asked" };
const EMPTY: Scan = { kind: "none", reason: "no_body" };
const BINARY = "binary";
const NO_CHUNKS: readonly Uint8Array[] = [];
const NOTHING_LEFT: ChunkVerdict = { kind: "emit", chunks: NO_CHUNKS };

/** How the body at hand is read. */
type Reader =
  | { readonly kind: "none" }
  /** Only injected secrets are taken out. */
  | { readonly kind: "echo"; readonly filter: EchoFilter; readonly scan: Scan }
  /** No content type, or one that says nothing: the first bytes tell. */
  | { readonly kind: "sniff" }
  | {
      readonly kind: "text";
      readonly gate: StreamGate;
      readonly codec: TextCodec;
      readonly charset: Charset;
    }
  | {
      readonly kind: "events";
      readonly gate: StreamGate;
      readonly frames: EventFramer;
      readonly wire: EventWire;
    }
  | { readonly kind: "json"; readonly gate: StreamGate };

interface Body {
  readonly inspection: Inspection;
  readonly withheld: readonly string[];
  readonly bytesMax: number;
  readonly unscannable: Upstream["unscannable"];
  reader: Reader;
  /** Whether its first bytes are those of text, where its type does not say so. */
  looksText: ((first: Uint8Array) => boolean) | undefined;
  bytes: number;
  scan: Scan;
  /** In the fields of the head. */
  readonly found: Finding[];
}

/** `unscannable`: what happens to a body that cannot be read or is past `responseBytesMax`. */
export function createHttpInspector(
  inspection: Inspection,
  withheld: readonly string[],
  responseBytesMax: number,
  unscannable: Upstream["unscannable"],
): ResponseInspector {
  const body: Body = {
    inspection,
    withheld,
    bytesMax: responseBytesMax,
    unscannable,
    reader: { kind: "none" },
    looksText: undefined,
    bytes: 0,
    scan: NOT_ASKED,
    found: [],
  };
  let ahead: HttpAhead | undefined;
  return {
    head: (_status, headers) => readHead(body, headers),
    chunk: (bytes) => readChunk(body, bytes),
    end: () => readEnd(body),
    holds: () => body.reader.kind === "events" && body.reader.gate.holdsEager,
    letGo: () => ({
      kind: "emit",
      chunks: body.reader.kind === "events" ? body.reader.gate.letGo() : NO_CHUNKS,
    }),
    asksAhead: () => inspection.opinions !== undefined && "gate" in body.reader,
    ahead(bytes) {
      ahead ??= aheadOf(body);
      return ahead?.read(bytes);
    },
    foresee: (bytes, aside) => foreseeJson(inspection, bytes, aside),
    leavesAll: () => !("gate" in body.reader) && withheld.length === 0,
    report: () => ({
      findings: [...body.found, ...findingsOf(body.reader)],
      scan: scanOf(body),
      usage: undefined,
      model: undefined,
    }),
  };
}

function aheadOf({ inspection, reader, bytesMax }: Body): HttpAhead | undefined {
  const doubts = inspection.opinions?.follow(inspection);
  if (doubts === undefined) return undefined;
  if (reader.kind === "events")
    return new HttpAhead(doubts, createEventFramer(bytesMax, reader.wire));
  return reader.kind === "text"
    ? new HttpAhead(doubts, createTextFramer(createTextCodec(reader.charset)))
    : undefined;
}

function readHead(body: Body, headers: HeadFields): HeadVerdict {
  const type = (headers.get("content-type") ?? "").toLowerCase();
  const media = type.split(";", 1)[0]?.trim() ?? "";
  if (scanPlan(body.inspection).empty) return echoOnly(body, NOT_ASKED);
  const blocked = lookAtFields(body.inspection, headers, body.found);
  if (blocked !== undefined) return { kind: "halt", refusal: answerRefusal(blocked) };
  const length = Number(headers.get("content-length") ?? 0);
  if (isBinary(media)) {
    return headers.get("content-length") === "0" ? echoOnly(body, EMPTY) : unreadable(body, BINARY);
  }
  const charset = charsetOf(type);
  if (charset === undefined) return unreadable(body, "unknown charset");
  const wire = eventWireOf(media, charset);
  if (wire !== undefined) {
    const frames = createEventFramer(body.bytesMax, wire);
    body.reader = { kind: "events", gate: gateOf(body), frames, wire };
    return { kind: "stream" };
  }
  if (media === "application/json" || media.endsWith("+json")) {
    if (length > body.bytesMax) return unreadable(body, "larger than can be inspected");
    body.reader = { kind: "json", gate: gateOf(body) };
    return { kind: "whole" };
  }
  if (isUntold(media)) body.looksText = media === "" ? hasNoZero : (bytes) => !looksBinary(bytes);
  body.reader = body.looksText ? { kind: "sniff" } : textReader(body, charset);
  return { kind: "stream", late: true };
}

function unreadable(body: Body, reason: string): HeadVerdict {
  const scan: Scan = { kind: "unscanned", reason, bytes: 0 };
  // What was taken for text by its very first bytes goes on as it began.
  if (body.unscannable === "pass") {
    return body.bytes === 0 ? echoOnly(body, scan) : passFrom(body, scan);
  }
  body.scan = scan;
  body.reader = { kind: "none" };
  return {
    kind: "halt",
    refusal: {
      code: "response_unscannable",
      detail: `Policy wants to inspect this answer, but it is ${reason}.`,
      remedy:
        "Ask for less at once or in another format, or let an operator allow unscannable answers.",
    },
  };
}

function passFrom(body: Body, scan: Scan): HeadVerdict {
  body.scan = scan;
  return { kind: "pass", scan };
}

function echoOnly(body: Body, scan: Scan): HeadVerdict {
  body.scan = scan;
  if (body.withheld.length === 0) return { kind: "pass", scan };
  body.reader = { kind: "echo", filter: createEchoFilter(body.withheld), scan };
  return { kind: "stream" };
}

function textReader(body: Body, charset: Charset): Reader {
  return { kind: "text", gate: gateOf(body), codec: createTextCodec(charset), charset };
}

function gateOf({ inspection, withheld, bytesMax, unscannable }: Body): StreamGate {
  const overflow = unscannable === "pass" ? "release" : "block";
  return createStreamGate(inspection, withheld, { bytesMax, framesMax: FRAMES_MAX, overflow });
}

function readChunk(body: Body, bytes: Uint8Array): ChunkVerdict {
  const unread = unreadBecause(body, bytes);
  const verdict = unread === undefined ? undefined : unreadable(body, unread);
  const isFirst = body.bytes === 0;
  body.bytes += bytes.length;
  if (verdict?.kind === "halt") {
    return { kind: "cut", refusal: verdict.refusal, chunks: NO_CHUNKS, farewell: undefined };
  }
  if (verdict?.kind === "pass" && isFirst) body.reader = { kind: "none" };
  if (body.reader.kind === "sniff") body.reader = textReader(body, "utf-8");
  const { reader } = body;
  switch (reader.kind) {
    case "none":
    case "sniff":
      return { kind: "emit", chunks: [bytes] };
    case "echo":
      return emit(reader.filter.push(bytes));
    case "text":
      return pushAll(reader.gate, textFrames(reader.codec, reader.codec.decode(bytes)));
    case "events":
      return pushAll(reader.gate, reader.frames.push(bytes));
    case "json":
      return pushAll(reader.gate, [jsonFrame(bytes)]);
  }
}

/** What the first bytes say against a look; undefined: nothing. */
function unreadBecause({ bytes, reader, looksText }: Body, next: Uint8Array): string | undefined {
  if (bytes === 0 && isMisnamed(reader, next)) return "not in the encoding it is said to be";
  if (looksText === undefined || bytes >= SNIFF_BYTES) return undefined;
  return looksText(next.subarray(0, SNIFF_BYTES - bytes)) ? undefined : BINARY;
}

/** Text has no zero bytes; UTF-16 says so by its content type. */
function hasNoZero(first: Uint8Array): boolean {
  return !first.includes(0);
}

/** Clients find UTF-16 by its zero bytes, whatever was declared; a text codec only by its mark. */
function isMisnamed(reader: Reader, bytes: Uint8Array): boolean {
  const isText = reader.kind === "text" && reader.charset === "utf-8";
  const zero = isText || reader.kind === "json" || ("wire" in reader && reader.wire === LINES);
  if (!zero || !bytes.subarray(0, SNIFF_BYTES).includes(0)) return false;
  const [first = 0, second = 0] = bytes;
  return reader.kind === "json" || first + second !== BYTE_ORDER_MARK;
}

function readEnd(body: Body): ChunkVerdict {
  const { reader } = body;
  switch (reader.kind) {
    case "none":
    case "sniff":
      return NOTHING_LEFT;
    case "echo":
      return emit(reader.filter.end());
    case "text":
      return endWith(reader.gate, textFrames(reader.codec, reader.codec.flush()));
    case "events":
      return endWith(reader.gate, reader.frames.end());
    case "json":
      return endWith(reader.gate, []);
  }
}

function emit(bytes: Uint8Array): ChunkVerdict {
  return { kind: "emit", chunks: bytes.length === 0 ? NO_CHUNKS : [bytes] };
}

function pushAll(gate: StreamGate, frames: readonly Frame[]): ChunkVerdict {
  const chunks: Uint8Array[] = [];
  for (const frame of frames) {
    const verdict = gate.push(frame);
    chunks.push(...verdict.chunks);
    if (verdict.kind === "cut") return cut(verdict.finding, chunks);
  }
  return { kind: "emit", chunks };
}

function endWith(gate: StreamGate, frames: readonly Frame[]): ChunkVerdict {
  const pushed = pushAll(gate, frames);
  if (pushed.kind === "cut") return pushed;
  const verdict = gate.end();
  const chunks = [...pushed.chunks, ...verdict.chunks];
  return verdict.kind === "cut" ? cut(verdict.finding, chunks) : { kind: "emit", chunks };
}

function cut(finding: Finding, chunks: readonly Uint8Array[]): ChunkVerdict {
  const placed = { ...finding, part: placeOfRunning(finding.part) };
  return { kind: "cut", refusal: answerRefusal(placed), chunks, farewell: undefined };
}

function findingsOf(reader: Reader): readonly Finding[] {
  return "gate" in reader ? withoutEchoes(reader.gate.findings) : [];
}

function scanOf({ reader, bytes, scan }: Body): Scan {
  if (scan.kind === "unscanned") return { ...scan, bytes };
  if (!("gate" in reader)) return scan;
  if (reader.gate.overflowed) {
    const reason = reader.gate.unseen ?? "more than can be held back";
    return { kind: "unscanned", reason, bytes };
  }
  const { fileUnits } = reader.gate;
  if (fileUnits > 0) return { kind: "unscanned", reason: BINARY, bytes: fileUnits };
  return { kind: "scanned", bytes };
}
