import { describe, expect, it } from "vitest";
import type { Inspection } from "../../../src/core/inspect/inspection.ts";
import { anthropicWire } from "../../../src/proxy/llm/anthropic/anthropic-wire.ts";
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
    wire: anthropicWire,
    upstream: upstreamOf("anthropic"),
    url: "/v1/messages",
    body: { model: "claude-sonnet-5", max_tokens: 100, stream: true, messages: [] },
  });
  return () => interpretation.inspector(inspectionsOf(inspection), echoes);
}

const event = (type: string, more: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const started = event("message_start", {
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-5-20260101",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 25,
      cache_creation_input_tokens: 5,
      cache_read_input_tokens: 7,
      output_tokens: 1,
    },
  },
});
const block = (index: number, content_block: object): string =>
  event("content_block_start", { index, content_block });
const TEXT = { type: "text", text: "" };
const delta = (index: number, type: string, more: object): string =>
  event("content_block_delta", { index, delta: { type, ...more } });
const text = (piece: string, index = 0): string => delta(index, "text_delta", { text: piece });
const stop = (index: number): string => event("content_block_stop", { index });
const ended =
  event("message_delta", {
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: 15 },
  }) + event("message_stop");

describe("a messages stream", () => {
  it("passes byte for byte and is counted by its cumulative usage", () => {
    const stream =
      started +
      block(0, TEXT) +
      event("ping") +
      text("Hel") +
      text("lo, wörld 🙂") +
      stop(0) +
      ended;
    for (const inspection of [NOTHING_ASKED, REDACT_MAIL]) {
      const { out, report } = streamed(open(inspection), stream);
      expect(out).toBe(stream);
      expect(report).toMatchObject({
        usage: { input: 25, cacheWrite: 5, cacheRead: 7, output: 15, source: "provider" },
        model: "claude-sonnet-5-20260101",
        findings: [],
      });
    }
  });

  it("takes out text that comes in pieces, also of the thinking", () => {
    const stream =
      started +
      block(0, { type: "thinking", thinking: "", signature: "" }) +
      delta(0, "thinking_delta", { thinking: "ask john@exa" }) +
      delta(0, "thinking_delta", { thinking: "mple.com first" }) +
      delta(0, "signature_delta", { signature: "EqQBCgIYAhIM" }) +
      stop(0) +
      block(1, { type: "text", text: "j" }) +
      text("ane@exam", 1) +
      text("ple.com", 1) +
      stop(1) +
      ended;
    const { out, report } = streamed(open(REDACT_MAIL), stream);
    expect(out).not.toMatch(/john|ane@/);
    expect(out.match(/\[email\]/g)).toHaveLength(2);
    expect(out.endsWith(ended)).toBe(true);
    expect(report.findings).toMatchObject([
      { part: "/content/0/thinking", start: 4, end: 20 },
      { part: "/content/1/text", start: 0, end: 16 },
    ]);
  });

  it("holds a tool's input until its block ends, and lets text before it go", () => {
    const stream =
      started +
      block(0, TEXT) +
      text("One moment. ") +
      stop(0) +
      block(1, { type: "tool_use", id: "toolu_1", name: "send", input: {} }) +
      delta(1, "input_json_delta", { partial_json: "" }) +
      delta(1, "input_json_delta", { partial_json: '{"to":"john@' });
    const inspector = open(REDACT_MAIL)();
    inspector.head(200, new Map([["content-type", "text/event-stream"]]));
    const { chunks } = inspector.chunk(Buffer.from(stream));
    const sent = Buffer.concat(chunks).toString();
    expect(sent).toContain("One moment.");
    expect(sent).not.toContain("john");
    const rest = delta(1, "input_json_delta", { partial_json: 'example.com"}' }) + stop(1) + ended;
    const { out } = streamed(open(REDACT_MAIL), stream + rest);
    expect(out).not.toContain("john");
    expect(out).toContain("[email]");
  });

  it("looks at blocks that come whole: search results, citations", () => {
    const result = { type: "web_search_tool_result", content: [{ title: "john@example.com" }] };
    const citation = { type: "char_location", cited_text: "by jane@example.com" };
    const stream =
      started +
      block(0, result) +
      stop(0) +
      block(1, TEXT) +
      delta(1, "citations_delta", { citation });
    const { out } = streamed(open(REDACT_MAIL), stream);
    expect(out).not.toMatch(/john|jane/);
    expect(streamed(open(BLOCK_MAIL), stream).refusal).toMatchObject({ code: "response_blocked" });
  });

  it("ends in an error event that the SDK throws when a rule blocks", () => {
    const stream =
      started + block(0, TEXT) + text("Ok. ") + text("john@example.com ") + stop(0) + ended;
    const { out, refusal, farewell, report } = streamed(open(BLOCK_MAIL), stream);
    expect(out).not.toContain("john");
    expect(out).not.toContain("message_stop");
    expect(refusal).toMatchObject({ code: "response_blocked" });
    expect(farewell).toMatch(/^event: error\ndata: \{.*\}\n\n$/);
    expect(JSON.parse((farewell ?? "").split("data: ")[1] ?? "")).toMatchObject({
      type: "error",
      error: { type: "permission_error", message: expect.stringContaining("response_blocked") },
      request_id: "exc_1",
    });
    // The input is known from the start; the output's placeholder is not believed.
    expect(report.usage).toMatchObject({ input: 25, source: "floor" });
    expect(report.usage?.output).toBeGreaterThan(4);
  });

  it("takes the credential out of an upstream's error event", () => {
    const key = "sk-ant-0123456789abcdef";
    const error = event("error", {
      error: { type: "authentication_error", message: `bad ${key}` },
    });
    expect(streamed(open(NOTHING_ASKED, [key]), started + error).out).not.toContain(key);
  });
});
