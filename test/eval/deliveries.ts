/** How a corpus record would meet Sallyport: the request or answer that carries it. */
import { isJsonObject, type JsonValue } from "../../src/core/json.ts";
import type { Scannable, Surroundings } from "../../src/pipeline/ask.ts";
import { scannableOf } from "../../src/proxy/http/scannable-of.ts";
import { writeFrame } from "../../src/proxy/upgrade/frame-reader.ts";
import { textOf, type CorpusRecord } from "./corpus.ts";

export type Delivery =
  | {
      readonly kind: "request";
      readonly scannable: Scannable;
      readonly where: Surroundings;
      /** What a session remembers the end of: a secret may go on in its next request. */
      readonly said?: JsonValue;
    }
  | { readonly kind: "answer"; readonly on: "response" | "tool_result"; readonly value: JsonValue }
  | { readonly kind: "text"; readonly text: string }
  /** What a client writes to a WebSocket. */
  | { readonly kind: "frames"; readonly bytes: Buffer };

const NOWHERE: Surroundings = { url: "/", headers: [] };

/** By `surface`; text that names none comes back from a tool. */
export function bySurface(record: CorpusRecord): readonly Delivery[] {
  const text = textOf(record);
  switch (record.surface) {
    case "tool_args":
      return [toolCall({ input: text })];
    case "user_prompt":
    case "request":
      return [request({ messages: [{ role: "user", content: text }] })];
    case "tool_description":
      return [toolResult({ tools: [{ name: "read", description: text }] })];
    case "llm_output":
      return [answer({ choices: [{ index: 0, message: { role: "assistant", content: text } }] })];
    case "response":
      return [{ kind: "text", text }];
    case undefined:
    default:
      return [toolResult({ content: [{ type: "text", text }] })];
  }
}

/** An address that an agent hands to a tool that fetches. */
export function asFetchedUrl(record: CorpusRecord): readonly Delivery[] {
  return [toolCall({ url: textOf(record) })];
}

/** What leaves with a tool call. */
export function asToolArgument(record: CorpusRecord): readonly Delivery[] {
  return [toolCall({ input: textOf(record) })];
}

interface EgressCase {
  readonly jsonrpc_messages?: readonly JsonValue[];
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly content_type?: string;
  readonly response_body?: string;
  readonly frames?: readonly EgressFrame[];
}

interface EgressFrame {
  readonly payload: string;
  readonly encoding?: string;
  readonly opcode?: string;
  readonly fin?: boolean;
  /** Compressed. */
  readonly rsv1?: boolean;
}

/**
 * One case of the egress benchmark: messages, requests or frames, in order. What is no such case is
 * text that leaves.
 */
export function asEgress(record: CorpusRecord): readonly Delivery[] {
  const payload = payloadOf(textOf(record));
  if (payload === undefined) return asToolArgument(record);
  const { jsonrpc_messages: messages = [], frames = [], url, response_body: answered } = payload;
  const deliveries: Delivery[] = messages.map(request);
  if (answered !== undefined) deliveries.push({ kind: "text", text: answered });
  else if (url !== undefined) deliveries.push(httpRequest(payload, url));
  if (frames.length > 0) {
    deliveries.push({ kind: "frames", bytes: Buffer.concat(frames.map(frameOf)) });
  }
  return deliveries.length === 0 ? asToolArgument(record) : deliveries;
}

function payloadOf(text: string): EgressCase | undefined {
  try {
    const found = JSON.parse(text) as { readonly payload?: EgressCase } | null;
    return found?.payload;
  } catch {
    return undefined;
  }
}

function httpRequest(
  { headers = {}, body, content_type: type }: EgressCase,
  url: string,
): Delivery {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const scannable = scannableOf({ headers: { "content-type": type ?? "text/plain" } }, bytes);
  return { kind: "request", scannable, where: { url, headers: Object.entries(headers).flat() } };
}

const OPCODES: Readonly<Record<string, number>> = { continuation: 0, text: 1, binary: 2 };
const FIN = 0x80;
const RSV1 = 0x40;

/** As a client writes it. */
function frameOf({ payload, encoding, opcode = "text", fin = true, rsv1 }: EgressFrame): Buffer {
  const content = Buffer.from(payload, encoding === "base64" ? "base64" : "utf8");
  const frame = writeFrame(OPCODES[opcode] ?? 1, content, Buffer.alloc(4, 0x5a));
  frame[0] = ((frame[0] ?? 0) & ~FIN) | (fin ? FIN : 0) | (rsv1 === true ? RSV1 : 0);
  return frame;
}

function request(value: JsonValue): Delivery {
  const scannable: Scannable = { kind: "json", value, bytes: 0 };
  const said = argumentsOf(value);
  return { kind: "request", scannable, where: NOWHERE, ...(said === undefined ? {} : { said }) };
}

function argumentsOf(message: JsonValue): JsonValue | undefined {
  const params = isJsonObject(message) ? message["params"] : undefined;
  return params !== undefined && isJsonObject(params) ? params["arguments"] : undefined;
}

function toolCall(args: JsonValue): Delivery {
  const params = { name: "fetch", arguments: args };
  return request({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
}

function toolResult(value: JsonValue): Delivery {
  return { kind: "answer", on: "tool_result", value };
}

function answer(value: JsonValue): Delivery {
  return { kind: "answer", on: "response", value };
}
