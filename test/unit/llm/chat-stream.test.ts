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

const ECHO = "sk-live-0123456789abcdef";

function open(inspection: Inspection, request: object = {}, echoes: readonly string[] = []) {
  const call = {
    wire: openaiWire,
    upstream: upstreamOf("openai"),
    url: "/v1/chat/completions",
    body: { model: "gpt-5", stream: true, messages: [], ...request },
  };
  const interpretation = understood(call);
  return () => interpretation.inspector(inspectionsOf(inspection), echoes);
}

const WANTS_USAGE = { stream_options: { include_usage: true } };
const event = (json: object | string): string =>
  `data: ${typeof json === "string" ? json : JSON.stringify(json)}\n\n`;
const chunk = (choices: readonly object[], more: object = {}): string =>
  event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_760_000_000,
    model: "gpt-5-2026-01-01",
    service_tier: "default",
    system_fingerprint: "fp_1",
    choices,
    usage: null,
    obfuscation: "xY",
    ...more,
  });
const delta = (content: object, index = 0, finish: string | null = null): string =>
  chunk([{ index, delta: content, logprobs: null, finish_reason: finish }]);
const say = (content: string, index = 0): string => delta({ content }, index);
const USAGE = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 40, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 0 },
};
const usageChunk = chunk([], { usage: USAGE });
const DONE = event("[DONE]");

describe("a chat stream", () => {
  const plain =
    delta({ role: "assistant", content: "", refusal: null }) +
    say("Hel") +
    say("lo, wörld 🙂\n") +
    ": keep-alive\n\n" +
    delta({}, 0, "stop");

  it("passes byte for byte and is counted, without the chunk that was forced on", () => {
    const { out, report } = streamed(open(NOTHING_ASKED), plain + usageChunk + DONE);
    expect(out).toBe(plain + DONE);
    expect(report).toMatchObject({
      usage: { input: 60, cacheRead: 40, output: 15, reasoning: 5, source: "provider" },
      model: "gpt-5-2026-01-01",
      scan: { kind: "none", reason: "not_asked" },
      findings: [],
    });
  });

  it("is counted where its data begin with byte order marks", () => {
    const marked = (plain + usageChunk).replaceAll("data: ", "data: \ufeff");
    const { report } = streamed(open(NOTHING_ASKED), marked + DONE);
    expect(report).toMatchObject({ usage: { input: 60, cacheRead: 40, output: 15 } });
  });

  it("keeps the usage chunk for a client that asked for it", () => {
    const { out } = streamed(open(REDACT_MAIL, WANTS_USAGE), plain + usageChunk + DONE);
    expect(out).toBe(plain + usageChunk + DONE);
  });

  it("keeps a chunk whose choices are empty for another reason", () => {
    const filter = chunk([], { prompt_filter_results: [{ prompt_index: 0 }] });
    const { out } = streamed(open(REDACT_MAIL), filter + plain + DONE);
    expect(out).toBe(filter + plain + DONE);
  });

  it("finds text that comes in pieces and takes it out of every chunk it is in", () => {
    const text = ["Write to jo", "hn.doe@exa", "mple.com now"].map((piece) => say(piece)).join("");
    const { out, report } = streamed(open(REDACT_MAIL), text + delta({}, 0, "stop") + DONE);
    expect(out).not.toContain("doe");
    expect(contentOf(out)).toBe("Write to [email] now");
    expect(out.endsWith(delta({}, 0, "stop") + DONE)).toBe(true);
    expect(report.findings).toMatchObject([
      {
        detector: "pii.email",
        part: "/choices/0/message/content",
        start: 9,
        end: 29,
        action: "redact",
      },
    ]);
    expect(report.scan.kind).toBe("scanned");
  });

  it("does not join text across choices", () => {
    const text = say("john@", 0) + say("example.com", 1) + say("x", 0) + say("y", 1);
    const ends = delta({}, 0, "stop") + delta({}, 1, "stop");
    expect(streamed(open(REDACT_MAIL), text + ends + DONE).out).toBe(text + ends + DONE);
  });

  it.each(["content", "refusal", "reasoning_content", "reasoning"])("looks at %s", (key) => {
    const text =
      delta({ [key]: "a john@exam" }) + delta({ [key]: "ple.com b" }) + delta({}, 0, "stop");
    expect(streamed(open(REDACT_MAIL), text + DONE).out).not.toContain("john");
  });

  it("drops the token lists of a chunk whose text it changed", () => {
    const logprobs = { content: [{ token: "john", bytes: [106], logprob: 0, top_logprobs: [] }] };
    const text = chunk([
      { index: 0, delta: { content: "john@example.com " }, logprobs, finish_reason: null },
    ]);
    const { out } = streamed(open(REDACT_MAIL), text + delta({}, 0, "stop") + DONE);
    expect(out).not.toContain("john");
    expect(out).toContain('"logprobs":null');
  });

  it("holds a tool call until its arguments are complete, and text meanwhile flows", () => {
    const call = (text: string, more: object = {}): string =>
      delta({ tool_calls: [{ index: 0, function: { arguments: text }, ...more }] });
    const first = call("", {
      id: "call_1",
      type: "function",
      function: { name: "f", arguments: "" },
    });
    const held = call('{"to":') + call('"john@example.com"}');
    const inspector = open(REDACT_MAIL)();
    inspector.head(200, new Map([["content-type", "text/event-stream"]]));
    const before = inspector.chunk(Buffer.from(say("Sure. ") + first + call('{"to":')));
    const sizes = before.chunks.map((bytes) => Buffer.from(bytes).toString());
    expect(sizes.join("")).not.toContain('{\\"to');
    const all = say("Sure. ") + first + held + delta({}, 0, "tool_calls") + DONE;
    const { out } = streamed(open(REDACT_MAIL), all);
    expect(out).toContain("[email]");
    expect(out).not.toContain("john");
    expect(out.endsWith(delta({}, 0, "tool_calls") + DONE)).toBe(true);
  });

  it("unescapes a tool call's arguments before the look, and leaves them valid JSON", () => {
    const args = '{"to":"john\\u0040example.com","text":"Dear\\njane@example.com,\\n\\"hi\\""}';
    const call = (text: string): string =>
      delta({ tool_calls: [{ index: 0, function: { arguments: text } }] });
    const pieces = [args.slice(0, 9), args.slice(9, 40), args.slice(40)].map(call).join("");
    const { out, report } = streamed(open(REDACT_MAIL), pieces + delta({}, 0, "tool_calls") + DONE);
    expect(JSON.parse(argumentsOf(out))).toEqual({
      to: "[email]",
      text: 'Dear\n[email],\n"hi"',
    });
    expect(report.findings.map(({ part }) => part)).toEqual([
      "/choices/0/message/tool_calls/0/function/arguments/to",
      "/choices/0/message/tool_calls/0/function/arguments/text",
    ]);
    expect(
      streamed(open(BLOCK_MAIL), pieces + delta({}, 0, "tool_calls") + DONE).refusal,
    ).toBeDefined();
  });

  it.each(['{"to":"john@example.com","n":1}', '{"to":"john\\u0040example.com","text":"a\\nb"}'])(
    "lets nothing of a blocked tool call's arguments go: clients run what they can parse (%s)",
    (args) => {
      const call = (text: string): string =>
        delta({ tool_calls: [{ index: 0, function: { arguments: text } }] });
      const pieces = (args.match(/.{1,5}/g) ?? []).map(call).join("");
      const { out, refusal } = streamed(
        open(BLOCK_MAIL),
        say("Sure. ") + pieces + delta({}, 0, "tool_calls") + DONE,
      );
      expect(refusal).toMatchObject({ code: "response_blocked" });
      expect(argumentsOf(out)).toBe("");
      expect(out).toContain("Sure. ");
    },
  );

  it("ends in an error the SDKs throw, never cleanly, when a rule blocks", () => {
    const before = say("All fine so far. ".repeat(3));
    const { out, refusal, farewell, report } = streamed(
      open(BLOCK_MAIL),
      before +
        say("Mail john@exa") +
        say("mple.com now") +
        delta({}, 0, "stop") +
        usageChunk +
        DONE,
    );
    expect(out).not.toContain("example");
    expect(out).not.toContain("[DONE]");
    expect(refusal).toMatchObject({ code: "response_blocked", rules: ["rule-pii.email"] });
    const sent = JSON.parse((farewell ?? "").replace(/^data: /, ""));
    expect(sent).toEqual({
      error: {
        message: expect.stringContaining("response_blocked"),
        type: "invalid_request_error",
        param: null,
        code: "response_blocked",
      },
    });
    expect(farewell?.endsWith("\n\n")).toBe(true);
    expect(report.findings).toMatchObject([{ detector: "pii.email", action: "block" }]);
    // The provider bills what it made: what was seen of it is the least that is owed.
    expect(report.usage).toMatchObject({ source: "floor", input: undefined });
    expect(report.usage?.output).toBeGreaterThanOrEqual(before.length / 20);
  });

  it("takes the injected credential out of text, errors, odd members and comments", () => {
    const error = event({ error: { message: `Incorrect API key provided: ${ECHO}`, code: "x" } });
    const odd = chunk([], { debug: { authorization: `Bearer ${ECHO}` } });
    const escaped = event(JSON.stringify({ error: { message: ECHO } }).replace("sk-", "\\u0073k-"));
    const comment = `: ${ECHO}\n\n`;
    const text =
      say(`key ${ECHO.slice(0, 9)}`) + say(`${ECHO.slice(9)} end`) + delta({}, 0, "stop");
    const { out } = streamed(
      open(NOTHING_ASKED, {}, [ECHO]),
      text + odd + comment + escaped + error,
    );
    expect(out).not.toContain(ECHO);
    expect(out).not.toContain(ECHO.slice(9));
    expect(out).toContain("Incorrect API key provided");
  });

  it("looks at members it does not know", () => {
    const odd = chunk([{ index: 0, delta: { content: "", citations: ["john@example.com"] } }]);
    expect(streamed(open(REDACT_MAIL), odd + DONE).out).not.toContain("john");
    expect(streamed(open(BLOCK_MAIL), odd + DONE).refusal).toMatchObject({
      code: "response_blocked",
    });
  });

  it("looks at data that is no JSON, or JSON that two readers read differently", () => {
    const text = event("mail john@example.com") + event('{"a":"john@example.com","a":1}');
    const { out } = streamed(open(REDACT_MAIL), text);
    expect(out).toBe(event("mail [email]") + event('{"a":"[email]","a":1}'));
  });

  it("takes usage wherever it comes, also beside the last text", () => {
    const last = chunk([{ index: 0, delta: { content: "!" }, finish_reason: "stop" }], {
      usage: USAGE,
    });
    const { out, report } = streamed(open(NOTHING_ASKED), say("Hi") + last + DONE);
    expect(out).toBe(say("Hi") + last + DONE);
    expect(report.usage).toMatchObject({ output: 15, source: "provider" });
  });

  it("counts the text itself when the provider sends no usage", () => {
    const { report } = streamed(open(NOTHING_ASKED), say("Hällo") + delta({}, 0, "stop") + DONE);
    expect(report.usage).toMatchObject({ input: undefined, output: 6, source: "floor" });
    expect(report.uncounted?.output).toBe("Hällo");
    expect(report.uncounted?.input).toContain("gpt-5");
  });

  it("leaves nothing to count of an answer that broke off, failed or was counted", () => {
    const broken = streamed(open(NOTHING_ASKED), say("Hällo"));
    expect(broken.report.uncounted).toBeUndefined();
    const usage = { prompt_tokens: 1, completion_tokens: 1 };
    const counted = streamed(open(NOTHING_ASKED), chunk([], { usage }) + DONE);
    expect(counted.report.uncounted).toBeUndefined();
    const inspector = open(NOTHING_ASKED)();
    inspector.head(500, new Map([["content-type", "application/json"]]));
    inspector.chunk(Buffer.from('{"choices":[]}'));
    expect(inspector.report().uncounted).toBeUndefined();
  });

  it("refuses an event too large to look at", () => {
    const interpretation = understood({
      wire: openaiWire,
      upstream: upstreamOf("openai", { responseBytesMax: 1000 }),
      url: "/v1/chat/completions",
      body: { model: "m", stream: true },
    });
    const answer = streamed(
      () => interpretation.inspector(inspectionsOf(REDACT_MAIL), []),
      say("ok ") + say("x".repeat(1200)),
    );
    expect(answer.out).toBe(say("ok "));
    expect(answer.refusal).toMatchObject({ code: "response_unscannable" });
  });

  it("lets it through unscanned, and says so, where the operator allows that", () => {
    const interpretation = understood({
      wire: openaiWire,
      upstream: upstreamOf("openai", { responseBytesMax: 1000, unscannable: "pass" }),
      url: "/v1/chat/completions",
      body: { model: "m", stream: true },
    });
    const text = say("ok ") + say("x".repeat(1200)) + DONE;
    const answer = streamed(() => interpretation.inspector(inspectionsOf(REDACT_MAIL), []), text);
    expect(answer.out).toBe(text);
    expect(answer.report.scan).toMatchObject({ kind: "unscanned" });
  });

  it("reads completions the same way", () => {
    const interpretation = understood({
      wire: openaiWire,
      upstream: upstreamOf("openai"),
      url: "/v1/completions",
      body: { model: "m", stream: true, prompt: "p" },
    });
    const piece = (text: string, finish: string | null = null): string =>
      chunk([{ text, index: 0, logprobs: null, finish_reason: finish }]);
    const { out } = streamed(
      () => interpretation.inspector(inspectionsOf(REDACT_MAIL), []),
      piece("to john@exam") + piece("ple.com", "stop") + DONE,
    );
    expect(out).toContain("[email]");
    expect(out).not.toContain("john");
  });
});

/** The text a client would put together from choice 0. */
function contentOf(stream: string): string {
  return stream
    .split("\n\n")
    .filter((text) => text.startsWith("data: {"))
    .map((text) => JSON.parse(text.slice(6)).choices[0]?.delta?.content ?? "")
    .join("");
}

/** The arguments a client would put together of the first tool call. */
function argumentsOf(stream: string): string {
  return stream
    .split("\n\n")
    .filter((text) => text.startsWith("data: {"))
    .map(
      (text) =>
        JSON.parse(text.slice(6)).choices[0]?.delta?.tool_calls?.[0]?.function.arguments ?? "",
    )
    .join("");
}
