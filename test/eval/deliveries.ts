/** How a corpus record would meet Sallyport: the request or answer that carries it. */
import type { JsonValue } from "../../src/core/json.ts";
import type { Scannable, Surroundings } from "../../src/pipeline/ask.ts";
import { textOf, type CorpusRecord } from "./corpus.ts";

export type Delivery =
  | { readonly kind: "request"; readonly scannable: Scannable; readonly where: Surroundings }
  | { readonly kind: "answer"; readonly on: "response" | "tool_result"; readonly value: JsonValue }
  | { readonly kind: "text"; readonly text: string };

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
  readonly frames?: readonly { readonly payload: string; readonly encoding?: string }[];
}

/**
 * One case of the egress benchmark: messages, requests or frames, in order. What is no such case is
 * text that leaves.
 */
export function asEgress(record: CorpusRecord): readonly Delivery[] {
  const payload = payloadOf(textOf(record));
  if (payload === undefined) return asToolArgument(record);
  const deliveries: Delivery[] = [];
  for (const message of payload.jsonrpc_messages ?? []) deliveries.push(request(message));
  for (const frame of payload.frames ?? []) {
    const binary = frame.encoding === "base64";
    deliveries.push(plain(binary ? decoded(frame.payload) : frame.payload));
  }
  if (payload.response_body !== undefined) {
    deliveries.push({ kind: "text", text: payload.response_body });
  } else if (payload.url !== undefined) {
    const headers = Object.entries(payload.headers ?? {}).flat();
    const scannable = bodyOf(payload);
    deliveries.push({ kind: "request", scannable, where: { url: payload.url, headers } });
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

function bodyOf({ body, content_type: type }: EgressCase): Scannable {
  if (body === undefined) return { kind: "none" };
  const bytes = Buffer.byteLength(body);
  if (type?.includes("json") === true) {
    try {
      return { kind: "json", value: JSON.parse(body) as JsonValue, bytes };
    } catch {
      return { kind: "text", text: body, bytes };
    }
  }
  return { kind: "text", text: body, bytes };
}

function decoded(base64: string): string {
  return Buffer.from(base64, "base64").toString("latin1");
}

function plain(text: string): Delivery {
  const scannable: Scannable = { kind: "text", text, bytes: text.length };
  return { kind: "request", scannable, where: NOWHERE };
}

function request(value: JsonValue): Delivery {
  return { kind: "request", scannable: { kind: "json", value, bytes: 0 }, where: NOWHERE };
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
