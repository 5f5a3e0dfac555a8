import { describe, expect, it } from "vitest";
import type { Inspection } from "../../../src/core/inspect/inspection.ts";
import { anthropicWire } from "../../../src/proxy/llm/anthropic/anthropic-wire.ts";
import { geminiWire } from "../../../src/proxy/llm/gemini/gemini-wire.ts";
import { openaiWire } from "../../../src/proxy/llm/openai/openai-wire.ts";
import {
  feed,
  inspectionsOf,
  JSON_HEAD,
  SSE,
  understood,
  upstreamOf,
  type Answered,
  type Call,
} from "./support.ts";

const MAIL = "jane@example.com";
const ARGUMENTS = `{"to":"${MAIL}","n":1}`;
/** Each is cut into two, so that nothing is seen before both are there. */
const halves = (text: string): readonly string[] => [text.slice(0, 8), text.slice(8)];

interface Case {
  readonly call: Call;
  readonly streamUrl?: string;
  readonly whole: object;
  readonly events: readonly object[];
  /** What an operator reads of a finding, and may write into `fields`. */
  readonly place: string;
}

const chat = { wire: openaiWire, upstream: upstreamOf("openai"), url: "/v1/chat/completions" };
const responses = { ...chat, url: "/v1/responses" };
const messages = { wire: anthropicWire, upstream: upstreamOf("anthropic"), url: "/v1/messages" };
const generate = {
  wire: geminiWire,
  upstream: upstreamOf("gemini"),
  url: "/v1beta/models/g:generateContent",
};

const chunk = (delta: object, more: object = {}) => ({
  id: "c",
  choices: [{ index: 1, delta, finish_reason: null, ...more }],
});
const choice = (message: object) => ({
  choices: [
    { index: 0, message: {} },
    { index: 1, message },
  ],
});

const CASES: Record<string, Case> = {
  "chat text": {
    call: { ...chat, body: { model: "m" } },
    whole: choice({ content: MAIL }),
    events: halves(MAIL).map((content) => chunk({ content })),
    place: "/choices/1/message/content",
  },
  "chat text with more around it": {
    call: { ...chat, body: { model: "m" } },
    whole: choice({ content: MAIL }),
    events: [chunk({ content: MAIL }, { content_filter_results: {} })],
    place: "/choices/1/message/content",
  },
  "a chat tool call": {
    call: { ...chat, body: { model: "m" } },
    whole: choice({ tool_calls: [{ index: 0, function: { arguments: ARGUMENTS } }] }),
    events: halves(ARGUMENTS).map((text) =>
      chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
    ),
    place: "/choices/1/message/tool_calls/0/function/arguments",
  },
  "responses text": {
    call: { ...responses, body: { model: "m", input: "hi" } },
    whole: { output: [{ content: [{ text: "" }, { text: MAIL }] }] },
    events: halves(MAIL).map((delta) => ({
      type: "response.output_text.delta",
      output_index: 0,
      content_index: 1,
      delta,
    })),
    place: "/output/0/content/1/text",
  },
  "a responses tool call that comes whole": {
    call: { ...responses, body: { model: "m", input: "hi" } },
    whole: { output: [{}, { arguments: ARGUMENTS }] },
    events: [
      { type: "response.output_item.done", output_index: 1, item: { arguments: ARGUMENTS } },
    ],
    place: "/output/1/arguments",
  },
  "responses text that is done": {
    call: { ...responses, body: { model: "m", input: "hi" } },
    whole: { output: [{ content: [{ text: MAIL }] }] },
    events: [{ type: "response.output_text.done", output_index: 0, content_index: 0, text: MAIL }],
    place: "/output/0/content/0/text",
  },
  "messages text": {
    call: { ...messages, body: { model: "m", max_tokens: 9, messages: [] } },
    whole: { content: [{ text: "" }, { text: MAIL }] },
    events: halves(MAIL).map((text) => ({
      type: "content_block_delta",
      index: 1,
      delta: { type: "text_delta", text },
    })),
    place: "/content/1/text",
  },
  "a tool's input": {
    call: { ...messages, body: { model: "m", max_tokens: 9, messages: [] } },
    whole: { content: [{ type: "tool_use", input: { to: MAIL, n: 1 } }] },
    events: [
      ...halves(ARGUMENTS).map((partial_json) => ({
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json },
      })),
      { type: "content_block_stop", index: 0 },
    ],
    place: "/content/0/input/to",
  },
  "a block that comes whole": {
    call: { ...messages, body: { model: "m", max_tokens: 9, messages: [] } },
    whole: { content: [{ type: "web_search_tool_result", content: [{ title: MAIL }] }] },
    events: [
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "web_search_tool_result", content: [{ title: MAIL }] },
      },
    ],
    place: "/content/0/content/0/title",
  },
  "Gemini text": {
    call: { ...generate, body: {} },
    streamUrl: "/v1beta/models/g:streamGenerateContent?alt=sse",
    whole: { candidates: [{ content: { parts: [{ text: MAIL }] } }] },
    events: halves(MAIL).map((text) => ({ candidates: [{ content: { parts: [{ text }] } }] })),
    place: "/candidates/0/content/parts/0/text",
  },
};

function looking(fields: readonly string[]): Inspection {
  const exceptions =
    fields.length === 0
      ? {}
      : {
          exceptions: [{ fields: fields.map((one) => (at: string) => at === one), signatures: [] }],
        };
  const rule = { id: "mail", find: ["pii"], scoreMin: 0, action: "block", ...exceptions } as const;
  return { surface: "response", rules: [rule] };
}

function whole({ call, whole: body }: Case, inspection: Inspection): Answered {
  const inspector = understood(call).inspector(inspectionsOf(inspection), []);
  inspector.head(200, JSON_HEAD);
  return feed(inspector, [Buffer.from(JSON.stringify(body))]);
}

function streamedIn({ call, streamUrl, events }: Case, inspection: Inspection): Answered {
  const body = { ...(call.body as object), ...(streamUrl === undefined && { stream: true }) };
  const asked = understood({ ...call, body, url: streamUrl ?? call.url });
  const inspector = asked.inspector(inspectionsOf(inspection), []);
  inspector.head(200, SSE);
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  return feed(inspector, [Buffer.from(text)]);
}

describe.each(Object.entries(CASES))("a finding in %s", (_name, one) => {
  it("is named alike in a whole answer and in a stream, and so is its exception", () => {
    for (const answered of [whole(one, looking([])), streamedIn(one, looking([]))]) {
      expect(answered.refusal).toBeDefined();
      for (const { part } of answered.report.findings) {
        // A whole answer has arguments as text; a stream knows where in them.
        expect(`${part}/`).toContain(`${one.place}/`);
      }
    }
    for (const answered of [
      whole(one, looking([one.place])),
      streamedIn(one, looking([one.place])),
    ]) {
      expect(answered.refusal).toBeUndefined();
      expect(answered.report.findings).not.toEqual([]);
      for (const { action } of answered.report.findings) expect(action).toBe("report");
    }
    for (const answer of [whole, streamedIn]) {
      expect(answer(one, looking(["/elsewhere"])).refusal).toBeDefined();
    }
  });
});
