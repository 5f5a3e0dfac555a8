/** When a stream's own count gives back what its input did not need: not where all is settled anyway. */
import { describe, expect, it } from "vitest";
import { anthropicWire } from "../../../src/proxy/llm/anthropic/anthropic-wire.ts";
import { geminiWire } from "../../../src/proxy/llm/gemini/gemini-wire.ts";
import { openaiWire } from "../../../src/proxy/llm/openai/openai-wire.ts";
import type { Wire } from "../../../src/core/upstream.ts";
import type { WireFamily } from "../../../src/proxy/wire.ts";
import { inspectionsOf, NOTHING_ASKED, understood, upstreamOf } from "./support.ts";

interface Streamed {
  readonly wire: WireFamily;
  readonly name: Wire;
  readonly url: string;
  readonly body: object;
}

/** What the meter hears of the input while the pieces pass, one read each. */
function learned({ wire, name, url, body }: Streamed, pieces: readonly object[]): number[] {
  const heard: number[] = [];
  const meter = {
    saw: () => undefined,
    learnedInput: (tokens: number) => void heard.push(tokens),
  };
  const call = { wire, upstream: upstreamOf(name), url, body };
  const inspector = understood(call).inspector(inspectionsOf(NOTHING_ASKED), [], meter);
  inspector.head(200, new Map([["content-type", "text/event-stream"]]));
  for (const piece of pieces) {
    inspector.chunk(Buffer.from(`data: ${JSON.stringify(piece)}\n\n`));
  }
  inspector.end();
  return heard;
}

const asked = { stream: true, messages: [] };

describe("the count of a stream's input", () => {
  it("is told to the meter as soon as it comes: the answer is still to run", () => {
    const usage = { input_tokens: 25, output_tokens: 1 };
    const message = { id: "m", type: "message", role: "assistant", model: "c", content: [], usage };
    const call: Streamed = {
      wire: anthropicWire,
      name: "anthropic",
      url: "/v1/messages",
      body: { model: "claude-sonnet-5", max_tokens: 9, ...asked },
    };

    expect(learned(call, [{ type: "message_start", message }])).toEqual([25]);
  });

  it("is not told with the last word, since what is held is settled in a moment", () => {
    const call: Streamed = {
      wire: openaiWire,
      name: "openai",
      url: "/v1/chat/completions",
      body: { model: "gpt-5", ...asked },
    };
    const choice = { index: 0, delta: { content: "Hello" }, finish_reason: null };
    const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

    expect(learned(call, [{ choices: [choice] }, { choices: [], usage }])).toEqual([]);
  });

  it("is told where it comes with each piece, once", () => {
    const call: Streamed = {
      wire: geminiWire,
      name: "gemini",
      url: "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
      body: { contents: [] },
    };
    const piece = {
      candidates: [{ content: { role: "model", parts: [{ text: "Hello" }] } }],
      usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 1, totalTokenCount: 8 },
    };

    expect(learned(call, [piece, piece])).toEqual([7]);
  });
});
