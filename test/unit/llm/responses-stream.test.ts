import { describe, expect, it } from "vitest";
import type { Inspection } from "../../../src/core/inspect/inspection.ts";
import { openaiWire } from "../../../src/proxy/llm/openai/openai-wire.ts";
import {
  BLOCK_MAIL,
  inspectionsOf,
  NOTHING_ASKED,
  REDACT_MAIL,
  streamed,
  understood,
  upstreamOf,
} from "./support.ts";

function open(inspection: Inspection, echoes: readonly string[] = []) {
  const interpretation = understood({
    wire: openaiWire,
    upstream: upstreamOf("openai"),
    url: "/v1/responses",
    body: { model: "gpt-5", stream: true, input: "hi" },
  });
  return () => interpretation.inspector(inspectionsOf(inspection), echoes);
}

let sequence = 0;
const event = (type: string, more: object): string => {
  const json = { type, sequence_number: sequence, ...more };
  sequence += 1;
  return `event: ${type}\ndata: ${JSON.stringify(json)}\n\n`;
};
const RESPONSE = {
  id: "resp_1",
  object: "response",
  created_at: 1_760_000_000,
  model: "gpt-5-2026-01-01",
  // What the client itself wrote comes back in every `response`.
  instructions: "Forward everything to boss@example.com",
  tools: [{ type: "function", name: "f", description: "Mails to help@example.com" }],
};
const PLACE = { item_id: "msg_1", output_index: 0, content_index: 0 };
const started = (): string =>
  event("response.created", {
    response: { ...RESPONSE, status: "in_progress", output: [], usage: null },
  }) +
  event("response.output_item.added", {
    output_index: 0,
    item: { id: "msg_1", type: "message", status: "in_progress", role: "assistant", content: [] },
  }) +
  event("response.content_part.added", {
    ...PLACE,
    part: { type: "output_text", text: "", annotations: [] },
  });
const text = (delta: string): string =>
  event("response.output_text.delta", { ...PLACE, delta, logprobs: [], obfuscation: "q" });
const ended = (whole: string): string => {
  const part = { type: "output_text", text: whole, annotations: [], logprobs: [] };
  const item = {
    id: "msg_1",
    type: "message",
    status: "completed",
    role: "assistant",
    content: [part],
  };
  const usage = {
    input_tokens: 50,
    input_tokens_details: { cached_tokens: 10 },
    output_tokens: 30,
    output_tokens_details: { reasoning_tokens: 12 },
    total_tokens: 80,
  };
  return (
    event("response.output_text.done", { ...PLACE, text: whole, logprobs: [] }) +
    event("response.content_part.done", { ...PLACE, part }) +
    event("response.output_item.done", { output_index: 0, item }) +
    event("response.completed", {
      response: { ...RESPONSE, status: "completed", output: [item], usage },
    })
  );
};

describe("a responses stream", () => {
  it("passes byte for byte and is counted by its last event", () => {
    const stream = started() + text("Hel") + text("lo, wörld 🙂") + ended("Hello, wörld 🙂");
    for (const inspection of [NOTHING_ASKED, REDACT_MAIL]) {
      const { out, report } = streamed(open(inspection), stream);
      expect(out).toBe(stream);
      expect(report).toMatchObject({
        usage: { input: 40, cacheRead: 10, output: 18, reasoning: 12, source: "provider" },
        model: "gpt-5-2026-01-01",
        findings: [],
      });
    }
  });

  it("takes out of the final events what it took out of the deltas", () => {
    const stream =
      started() + text("Mail john@exa") + text("mple.com now") + ended("Mail john@example.com now");
    const { out } = streamed(open(REDACT_MAIL), stream);
    expect(out).not.toContain("john");
    expect(out.match(/Mail \[email\] now/g)).toHaveLength(4);
    // The request's own words are not the model's.
    expect(out).toContain("boss@example.com");
    expect(out).toContain("help@example.com");
  });

  it("does not block for what the client itself wrote", () => {
    const stream = started() + text("Fine. ") + ended("Fine. ");
    expect(streamed(open(BLOCK_MAIL), stream)).toMatchObject({ out: stream, refusal: undefined });
  });

  it("ends in response.failed with invalid_prompt, which Codex shows and does not repeat", () => {
    const stream = started() + text("All fine. ") + text("john@example.com ") + ended("…");
    const { out, refusal, farewell } = streamed(open(BLOCK_MAIL), stream);
    expect(out).not.toContain("john");
    expect(out).not.toContain("response.completed");
    expect(refusal).toMatchObject({ code: "response_blocked" });
    expect(farewell).toMatch(/^event: response\.failed\ndata: \{.*\}\n\n$/);
    const sent = JSON.parse((farewell ?? "").split("data: ")[1] ?? "");
    expect(sent).toMatchObject({
      type: "response.failed",
      response: {
        id: "resp_1",
        object: "response",
        model: "gpt-5-2026-01-01",
        status: "failed",
        error: { code: "invalid_prompt", message: expect.stringContaining("response_blocked") },
        output: [],
      },
    });
    expect(sent.sequence_number).toBeGreaterThan(0);
  });

  it("holds a function call until its arguments are complete", () => {
    const place = { item_id: "fc_1", output_index: 1 };
    const piece = (delta: string): string =>
      event("response.function_call_arguments.delta", { ...place, delta, obfuscation: "q" });
    const whole = '{"to":"john@example.com"}';
    const item = {
      id: "fc_1",
      type: "function_call",
      name: "send",
      call_id: "c",
      arguments: whole,
    };
    const stream =
      piece('{"to":"john') +
      piece('@example.com"}') +
      event("response.function_call_arguments.done", { ...place, arguments: whole }) +
      event("response.output_item.done", { output_index: 1, item });
    const inspector = open(REDACT_MAIL)();
    inspector.head(200, new Map([["content-type", "text/event-stream"]]));
    expect(inspector.chunk(Buffer.from(piece('{"to":"x"')))).toEqual({ kind: "emit", chunks: [] });
    const { out } = streamed(open(REDACT_MAIL), stream);
    expect(out).not.toContain("john");
    expect(out.match(/\[email\]/g)).toHaveLength(3);
  });

  it("takes the credential out of an error", () => {
    const key = "sk-live-0123456789abcdef";
    const failed = event("response.failed", {
      response: { ...RESPONSE, status: "failed", error: { code: "x", message: `bad key ${key}` } },
    });
    const { out, report } = streamed(open(NOTHING_ASKED, [key]), started() + failed);
    expect(out).not.toContain(key);
    expect(out).toContain("bad key");
    expect(report.usage).toBeUndefined();
  });

  it("reports what it saw of an answer that broke off", () => {
    const { report } = streamed(open(NOTHING_ASKED), started() + text("Hällo"));
    expect(report.usage).toMatchObject({ output: 6, source: "floor" });
  });
});
