import { describe, expect, it } from "vitest";
import type { Inspection } from "../../../src/core/inspect/inspection.ts";
import { geminiWire } from "../../../src/proxy/llm/gemini/gemini-wire.ts";
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
    wire: geminiWire,
    upstream: upstreamOf("gemini"),
    url: "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
    body: { contents: [] },
  });
  return () => interpretation.inspector(inspectionsOf(inspection), echoes);
}

/** Google ends its lines with CRLF. */
const event = (json: object): string => `data: ${JSON.stringify(json)}\r\n\r\n`;
const USAGE = { promptTokenCount: 10, candidatesTokenCount: 2, totalTokenCount: 12 };
const candidate = (parts: readonly object[], more: object = {}): string =>
  event({
    candidates: [{ content: { parts, role: "model" }, index: 0, ...more }],
    usageMetadata: USAGE,
    modelVersion: "gemini-3-pro-001",
    responseId: "r1",
  });
const text = (piece: string, more: object = {}): string => candidate([{ text: piece, ...more }]);
const last = event({
  candidates: [
    { content: { parts: [{ text: "" }], role: "model" }, finishReason: "STOP", index: 0 },
  ],
  usageMetadata: {
    promptTokenCount: 10,
    cachedContentTokenCount: 4,
    candidatesTokenCount: 20,
    thoughtsTokenCount: 6,
    totalTokenCount: 36,
  },
  modelVersion: "gemini-3-pro-001",
});

describe("a Gemini stream", () => {
  it("passes byte for byte and is counted by its last cumulative usage", () => {
    const stream = text("Hel") + text("lo, wörld 🙂") + last;
    for (const inspection of [NOTHING_ASKED, REDACT_MAIL]) {
      const { out, report } = streamed(open(inspection), stream);
      expect(out).toBe(stream);
      expect(report).toMatchObject({
        usage: { input: 6, cacheRead: 4, output: 20, reasoning: 6, source: "provider" },
        model: "gemini-3-pro-001",
      });
    }
  });

  it("takes out text that comes in pieces, thoughts apart from the answer", () => {
    const stream =
      text("ask john@exa", { thought: true }) +
      text("mple.com", { thought: true }) +
      text("write jane@exa") +
      text("mple.com!") +
      last;
    const { out, report } = streamed(open(REDACT_MAIL), stream);
    expect(out).not.toMatch(/john|jane/);
    expect(report.findings.map(({ part }) => part).toSorted()).toEqual([
      "/candidates/0/content/parts/0/text",
      "/candidates/0/content/parts/0/thought",
    ]);
  });

  it("looks into function calls, code, its output and grounding", () => {
    const parts = [
      { functionCall: { name: "send", args: { to: "a1@example.com" } } },
      { executableCode: { language: "PYTHON", code: "mail('a2@example.com')" } },
      { codeExecutionResult: { outcome: "OUTCOME_OK", output: "a3@example.com" } },
    ];
    const grounding = { groundingMetadata: { webSearchQueries: ["a4@example.com"] } };
    const { out, report } = streamed(open(REDACT_MAIL), candidate(parts, grounding) + last);
    expect(out).not.toMatch(/a[1-4]@/);
    expect(report.findings).toHaveLength(4);
  });

  it("holds arguments that come in pieces", () => {
    const piece = (stringValue: string): string =>
      candidate([
        { functionCall: { partialArgs: [{ jsonPath: "$.to", stringValue }], willContinue: true } },
      ]);
    const { out } = streamed(open(REDACT_MAIL), piece("john@exa") + piece("mple.com") + last);
    expect(out).not.toMatch(/john|mple\.com/);
  });

  it("ends in Google's error with an integer code when a rule blocks", () => {
    const stream = text("Ok. ") + text("john@example.com ") + last;
    const { out, farewell, refusal, report } = streamed(open(BLOCK_MAIL), stream);
    expect(out).not.toContain("john");
    expect(refusal).toMatchObject({ code: "response_blocked" });
    expect(JSON.parse((farewell ?? "").replace(/^data: /, ""))).toEqual({
      error: {
        code: 403,
        message: expect.stringContaining("response_blocked"),
        status: "PERMISSION_DENIED",
      },
    });
    // The count in the middle of a stream is a floor, not the bill.
    expect(report.usage).toMatchObject({ input: 10, source: "floor" });
    expect(report.usage?.output).toBeGreaterThan(2);
  });

  it("takes the credential out of an error", () => {
    const key = "AIzaSyA-0123456789abcdefghij";
    const error = event({ error: { code: 400, message: `API key ${key} not valid`, status: "X" } });
    expect(streamed(open(NOTHING_ASKED, [key]), error).out).not.toContain(key);
  });
});
