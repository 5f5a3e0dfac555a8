import { atOnce } from "../../support/at-once.ts";
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import type { LlmAction } from "../../../src/core/action.ts";
import type { Inspections } from "../../../src/core/decision.ts";
import { NO_INSPECTION, type Inspection } from "../../../src/core/inspect/inspection.ts";
import type { Principal } from "../../../src/core/principal.ts";
import type { PolicySnapshot } from "../../../src/core/policy/policy-snapshot.ts";
import type { Refusal } from "../../../src/core/refusal.ts";
import {
  id,
  instant,
  millis,
  type AgentId,
  type ExchangeId,
  type SessionId,
  type TenantId,
  type UpstreamName,
} from "../../../src/core/units.ts";
import { OVER_HTTP, type Upstream, type Wire } from "../../../src/core/upstream.ts";
import type {
  Changes,
  InspectionReport,
  InterpretContext,
  Interpretation,
  ResponseInspector,
} from "../../../src/pipeline/ask.ts";
import type { RequestHead, WireFamily } from "../../../src/proxy/wire.ts";

export const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

export function upstreamOf(wire: Wire, more: Partial<Upstream> = {}): Upstream {
  return {
    name: id<UpstreamName>(wire),
    wire,
    transport: OVER_HTTP,
    origin: "https://llm.example",
    host: "llm.example",
    pathPrefix: "",
    priceProvider: wire,
    credential: undefined,
    allowPrivate: false,
    connectionsMax: 8,
    timeouts: { connect: millis(1), headers: millis(1), idle: millis(1), total: millis(1) },
    requestBytesMax: 1_000_000,
    responseBytesMax: 1_000_000,
    unscannable: "refuse",
    ...more,
  };
}

export function headOf(
  upstream: Upstream,
  url: string,
  more: Partial<RequestHead> = {},
): RequestHead {
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  return {
    exchange: id<ExchangeId>("exc_1"),
    upstream,
    method: "POST",
    path,
    rawPath: path,
    query: mark === -1 ? "" : url.slice(mark),
    headers: { "content-type": "application/json" },
    hasBody: more.method !== "GET",
    ...more,
  };
}

export const PRINCIPAL: Principal = {
  agent: id<AgentId>("a"),
  tenant: id<TenantId>("t"),
  session: id<SessionId>("s"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "api_key",
};

/** Decides nothing: the doors under test only ask what policy reads and how much it tells. */
const SNAPSHOT = {
  readsHttpBody: () => false,
  isOpaque: () => false,
} as unknown as PolicySnapshot;

export function inspectionsOf(response: Inspection): Inspections {
  return { request: NO_INSPECTION.request, response, toolResult: NO_INSPECTION.tool_result };
}

export const CONTEXT: InterpretContext = {
  principal: PRINCIPAL,
  snapshot: SNAPSHOT,
  inspections: inspectionsOf(NO_INSPECTION.response),
  now: instant(0),
  marks: [],
};

export interface Call {
  readonly wire: WireFamily;
  readonly upstream: Upstream;
  readonly url: string;
  readonly body?: unknown;
}

/** As the door sees it: a value is written as JSON, a string or bytes go as they are. */
export function interpret(call: Call, more: Partial<RequestHead> = {}) {
  const { wire, upstream, url, body } = call;
  const bytes = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  const head = headOf(upstream, url, { hasBody: bytes !== undefined, ...more });
  const exchange = wire.open(head);
  const verdict = atOnce(
    exchange.interpret(bytes === undefined ? undefined : Buffer.from(bytes), CONTEXT),
  );
  return { exchange, verdict };
}

export function understood(call: Call, more: Partial<RequestHead> = {}): Interpretation {
  const { verdict } = interpret(call, more);
  if (verdict.kind === "halt") throw new Error(verdict.refusal.detail);
  return verdict.value;
}

export function refusalTo(call: Call, more: Partial<RequestHead> = {}): Refusal {
  const { verdict } = interpret(call, more);
  if (verdict.kind === "pass") throw new Error("not refused");
  return verdict.refusal;
}

export function llmAction(interpretation: Interpretation): LlmAction {
  if (interpretation.action.kind !== "llm") throw new Error(interpretation.action.kind);
  return interpretation.action;
}

export function sent(interpretation: Interpretation, changes: Partial<Changes> = {}): string {
  const body = interpretation.compose({ redacted: undefined, outputTokens: undefined, ...changes });
  if (body.kind !== "bytes") throw new Error(body.kind);
  return utf8(body.bytes);
}

export interface Answered {
  readonly out: string;
  readonly refusal: Refusal | undefined;
  readonly farewell: string | undefined;
  readonly report: InspectionReport;
}

export const SSE = new Map([["content-type", "text/event-stream; charset=utf-8"]]);
export const JSON_HEAD = new Map([["content-type", "application/json"]]);

export function feed(inspector: ResponseInspector, pieces: readonly Uint8Array[]): Answered {
  let out = "";
  for (const piece of [...pieces, undefined]) {
    const verdict = piece === undefined ? inspector.end() : inspector.chunk(piece);
    for (const chunk of verdict.chunks) out += Buffer.from(chunk).toString("latin1");
    if (verdict.kind === "cut") {
      const farewell = verdict.farewell === undefined ? undefined : utf8(verdict.farewell);
      return { ...decoded(out), refusal: verdict.refusal, farewell, report: inspector.report() };
    }
  }
  return { ...decoded(out), refusal: undefined, farewell: undefined, report: inspector.report() };
}

const decoded = (latin1: string) => ({ out: Buffer.from(latin1, "latin1").toString("utf8") });

/** The same stream whole, byte by byte and cut in two at every byte: one answer for all. */
export function streamed(open: () => ResponseInspector, text: string): Answered {
  const bytes = Buffer.from(text);
  const run = (pieces: readonly Uint8Array[]): Answered => {
    const inspector = open();
    if (inspector.head(200, SSE).kind !== "stream") throw new Error("not streamed");
    return feed(inspector, pieces);
  };
  const whole = run([bytes]);
  // Bytes seen differ only in that a cut stops reading sooner.
  // After a rewritten event, a CR and the LF behind it may be one line end or two: both are blank.
  const lines = (out: string): string =>
    out === text ? out : `${out}\n\n`.replace(/\s*\n\s*\n\s*/g, "\n\n");
  const comparable = ({ report, out, ...rest }: Answered) => ({
    ...rest,
    out: lines(out),
    usage: report.usage,
    model: report.model,
    findings: report.findings,
  });
  const wanted = comparable(whole);
  expect(comparable(run(Array.from(bytes, (byte) => Uint8Array.of(byte))))).toEqual(wanted);
  for (let at = 1; at < bytes.length; at += 1) {
    const halves = comparable(run([bytes.subarray(0, at), bytes.subarray(at)]));
    // Thousands of cuts: the matcher, which is slow, is asked only for the difference.
    if (!isDeepStrictEqual(halves, wanted)) expect(halves).toEqual(wanted);
  }
  return whole;
}

const rule = (find: string, action: "block" | "redact" | "report"): Inspection => ({
  surface: "response",
  rules: [{ id: `rule-${find}`, find: [find], scoreMin: 0, action }],
});

export const REDACT_MAIL = rule("pii.email", "redact");
export const BLOCK_MAIL = rule("pii.email", "block");
export const NOTHING_ASKED = NO_INSPECTION.response;
