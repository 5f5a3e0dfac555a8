/** What programs catch: the real SDKs against our refusals and our terminal events. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Refusal } from "../../../src/core/refusal.ts";
import { id, type ExchangeId, type RuleId } from "../../../src/core/units.ts";
import { readMessagesEvents } from "../../../src/proxy/llm/anthropic/messages-events.ts";
import { readGenerateEvents } from "../../../src/proxy/llm/gemini/generate-events.ts";
import { readChatEvents } from "../../../src/proxy/llm/openai/chat-events.ts";
import { readResponsesEvents } from "../../../src/proxy/llm/openai/responses-events.ts";
import { renderRefusal } from "../../../src/proxy/refusals/render-refusal.ts";
import type { StatusWire } from "../../../src/proxy/refusals/refusal-status.ts";

const EXCHANGE = id<ExchangeId>("exc_1");
const DENIED: Refusal = {
  code: "policy_denied",
  detail: "The model m is not allowed.",
  remedy: "Use another.",
  rules: [id<RuleId>("models")],
};
const BLOCKED: Refusal = { code: "response_blocked", detail: "The answer was withheld." };

let server: Server;
let base: string;
let requests = 0;
let reply: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests += 1;
    request.resume().on("end", () => reply(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requests = 0;
});

function refuseWith(wire: StatusWire, refusal: Refusal): void {
  const { status, headers, body } = renderRefusal(wire, refusal, { exchange: EXCHANGE });
  reply = (response) => response.writeHead(status, headers).end(body);
}

function streamThenCut(events: string, farewell: Uint8Array): void {
  reply = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(events);
    response.end(farewell);
  };
}

const openai = () => new OpenAI({ apiKey: "k", baseURL: `${base}/v1` });
const anthropic = () => new Anthropic({ apiKey: "k", baseURL: base });
const google = () => new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: base } });
const MESSAGES = [{ role: "user" as const, content: "hi" }];

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) {
    // Only how it ends matters.
  }
}

describe("a refusal", () => {
  it("is thrown once by the OpenAI SDK, with code, message and request id", async () => {
    refuseWith("openai", DENIED);
    await expect(
      openai().chat.completions.create({ model: "m", messages: MESSAGES }),
    ).rejects.toMatchObject({
      status: 400,
      code: "policy_denied",
      requestID: "exc_1",
      message: expect.stringContaining("The model m is not allowed. Use another. Policy: models."),
    });
    expect(requests).toBe(1);
  });

  it("is thrown once by the Anthropic SDK, with its type and message", async () => {
    refuseWith("anthropic", DENIED);
    const call = anthropic().messages.create({ model: "m", max_tokens: 9, messages: MESSAGES });
    await expect(call).rejects.toMatchObject({
      status: 403,
      requestID: "exc_1",
      message: expect.stringContaining("The model m is not allowed."),
      error: { error: { type: "permission_error" } },
    });
    expect(requests).toBe(1);
  });

  it("is thrown once by the Google SDK, with its message", async () => {
    refuseWith("gemini", DENIED);
    await expect(
      google().models.generateContent({ model: "m", contents: "hi" }),
    ).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining("The model m is not allowed."),
    });
    expect(requests).toBe(1);
  });

  it.each(["openai", "anthropic"] as const)(
    "of a used-up budget is not repeated by %s",
    async (wire) => {
      refuseWith(wire, { code: "budget_exceeded", detail: "Budget llm-day is used up." });
      const call =
        wire === "openai"
          ? openai().responses.create({ model: "m", input: "hi" })
          : anthropic().messages.create({ model: "m", max_tokens: 9, messages: MESSAGES });
      await expect(call).rejects.toThrow("Budget llm-day is used up.");
      expect(requests).toBe(1);
    },
  );
});

describe("a cut stream", () => {
  it("of chat is an error with our message to the OpenAI SDK", async () => {
    const chunk = { choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: null }] };
    streamThenCut(
      `data: ${JSON.stringify(chunk)}\n\n`,
      readChatEvents().farewell(BLOCKED, EXCHANGE),
    );
    const stream = await openai().chat.completions.create({
      model: "m",
      messages: MESSAGES,
      stream: true,
    });
    await expect(drain(stream)).rejects.toThrow("The answer was withheld.");
    expect(requests).toBe(1);
  });

  it("of responses is response.failed with our message to the OpenAI SDK", async () => {
    const created = {
      type: "response.created",
      response: { id: "r", output: [] },
      sequence_number: 0,
    };
    const event = `event: response.created\ndata: ${JSON.stringify(created)}\n\n`;
    streamThenCut(event, readResponsesEvents().farewell(BLOCKED, EXCHANGE));
    const stream = await openai().responses.create({ model: "m", input: "hi", stream: true });
    const seen: unknown[] = [];
    for await (const one of stream) seen.push(one);
    expect(seen.at(-1)).toMatchObject({
      type: "response.failed",
      response: {
        status: "failed",
        error: { code: "invalid_prompt", message: expect.any(String) },
      },
    });
  });

  it("of messages is an error with our message to the Anthropic SDK", async () => {
    const ping = 'event: ping\ndata: {"type":"ping"}\n\n';
    streamThenCut(ping, readMessagesEvents().farewell(BLOCKED, EXCHANGE));
    const stream = await anthropic().messages.create({
      model: "m",
      max_tokens: 9,
      messages: MESSAGES,
      stream: true,
    });
    await expect(drain(stream)).rejects.toThrow("The answer was withheld.");
    expect(requests).toBe(1);
  });

  it("of generateContent is an error with our message to the Google SDK", async () => {
    const chunk = { candidates: [{ content: { parts: [{ text: "Hi" }] } }] };
    streamThenCut(
      `data: ${JSON.stringify(chunk)}\n\n`,
      readGenerateEvents().farewell(BLOCKED, EXCHANGE),
    );
    const stream = await google().models.generateContentStream({ model: "m", contents: "hi" });
    await expect(drain(stream)).rejects.toThrow("The answer was withheld.");
  });
});
