import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { anthropicWire } from "../../../src/proxy/llm/anthropic/anthropic-wire.ts";
import { geminiWire } from "../../../src/proxy/llm/gemini/gemini-wire.ts";
import { openaiWire } from "../../../src/proxy/llm/openai/openai-wire.ts";
import { setMembers } from "../../../src/proxy/set-members.ts";
import { interpret, refusalTo, sent, understood, upstreamOf } from "./support.ts";

const chat = (body: unknown, priceProvider = "openai") => ({
  wire: openaiWire,
  upstream: upstreamOf("openai", { priceProvider }),
  url: "/v1/chat/completions",
  body,
});
const completions = (body: unknown) => ({ ...chat(body), url: "/v1/completions" });
const responses = (body: unknown) => ({ ...chat(body), url: "/v1/responses" });
const messages = (body: unknown) => ({
  wire: anthropicWire,
  upstream: upstreamOf("anthropic"),
  url: "/v1/messages",
  body,
});
const generate = (body: unknown, method = "generateContent") => ({
  wire: geminiWire,
  upstream: upstreamOf("gemini"),
  url: `/v1beta/models/g:${method}`,
  body,
});

describe("a request body", () => {
  it.each([
    { body: '{"model":"a","model":"b"}', why: "duplicate key at line 1, column 14" },
    { body: '{"model":"a",}', why: "expected a key in double quotes at line 1, column 14" },
    { body: "[]", why: "not a JSON object" },
    { body: '"text"', why: "not a JSON object" },
    { body: "", why: "it has no body" },
  ])("that is $body is refused: $why", ({ body, why }) => {
    const refusal = refusalTo(chat(body));
    expect(refusal.code).toBe("malformed");
    expect(refusal.detail).toContain(why);
  });

  it.each([
    { headers: {}, why: "content type" },
    { headers: { "content-type": "text/plain" }, why: "content type" },
    { headers: { "content-type": "application/jsonp" }, why: "content type" },
    { headers: { "content-type": "multipart/form-data" }, why: "content type" },
    {
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      why: "content encoding",
    },
  ])("under $headers is refused for its $why", ({ headers, why }) => {
    expect(refusalTo(chat({ model: "m" }), { headers }).detail).toContain(why);
  });

  it.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/x+json",
  ])("under %s is read", (type) => {
    const { verdict } = interpret(chat({ model: "m" }), { headers: { "content-type": type } });
    expect(verdict.kind).toBe("pass");
  });

  it.each([
    { call: chat({}), why: '"model" must be a string' },
    { call: chat({ model: 7 }), why: '"model" must be a string' },
    { call: chat({ model: "m", stream: 1 }), why: '"stream" must be true or false' },
    { call: chat({ model: "m", max_tokens: "9" }), why: '"max_tokens" must be a whole number' },
    { call: chat({ model: "m", max_tokens: -1 }), why: '"max_tokens" must be a whole number' },
    { call: chat({ model: "m", n: 1.5 }), why: '"n" must be a whole number' },
    { call: chat({ model: "m", n: 5000 }), why: '"n" must be a whole number from 0 to 1024' },
    { call: chat({ model: "m", Model: "x" }), why: '"model" is given in other letters' },
    { call: chat({ model: "m", ſtream: true }), why: '"stream" is given in other letters' },
    { call: chat({ model: "m", models: ["x"] }), why: '"models" could choose a model' },
    { call: chat({ model: "m", Max_Tokens: 9 }), why: '"max_tokens" is given in other letters' },
    { call: responses({ model: "m", background: true }), why: '"background" is not supported' },
    { call: messages({ model: "m", max_tokens: [] }), why: '"max_tokens" must be a whole number' },
    {
      call: generate({ generationConfig: {}, generation_config: {} }),
      why: "in camel case and in snake case",
    },
    {
      call: generate({ generationConfig: { maxOutputTokens: 1, max_output_tokens: 9 } }),
      why: "in camel case and in snake case",
    },
    { call: generate({ model: "models/other" }), why: "not the model in the path" },
    {
      call: generate(
        { requests: [{ model: "models/g" }, { model: "models/h" }] },
        "batchEmbedContents",
      ),
      why: "not the model in the path",
    },
    {
      call: generate({ generateContentRequest: { model: "models/h" } }, "countTokens"),
      why: "not the model in the path",
    },
  ])("is refused where $why", ({ call, why }) => {
    const refusal = refusalTo(call);
    expect(refusal.code).toBe("malformed");
    expect(refusal.detail).toContain(why);
  });

  it("goes on byte for byte when nothing changed, odd spacing and large numbers included", () => {
    const body = '{ "seed":12345678901234567890,\n"model" : "m","messages":[ ],"max_tokens":5 }';
    const interpretation = understood(chat(body));
    expect(sent(interpretation)).toBe(body);
    expect(interpretation.source()).toBe(body);
  });
});

describe("what a request asks for", () => {
  it.each([
    { call: chat({ model: "m" }), outputTokens: undefined, choices: 1 },
    { call: chat({ model: "m", max_tokens: 7, n: 3 }), outputTokens: 7, choices: 3 },
    {
      call: chat({ model: "m", max_tokens: 7, max_completion_tokens: 9 }),
      outputTokens: 9,
      choices: 1,
    },
    { call: chat({ model: "m", max_tokens: null, n: null }), outputTokens: undefined, choices: 1 },
    {
      call: completions({ model: "m", prompt: ["a", "b"], best_of: 3, n: 2 }),
      outputTokens: undefined,
      choices: 6,
    },
    { call: completions({ model: "m", prompt: [1, 2, 3] }), outputTokens: undefined, choices: 1 },
    { call: responses({ model: "m", max_output_tokens: 20 }), outputTokens: 20, choices: 1 },
    { call: messages({ model: "m", max_tokens: 30 }), outputTokens: 30, choices: 1 },
    {
      call: generate({ generationConfig: { maxOutputTokens: 40, candidateCount: 2 } }),
      outputTokens: 40,
      choices: 2,
    },
    {
      call: generate({ generation_config: { max_output_tokens: 50, candidate_count: 4 } }),
      outputTokens: 50,
      choices: 4,
    },
  ])(
    "is metered as $outputTokens tokens in $choices answers",
    ({ call, outputTokens, choices }) => {
      expect(understood(call).metering).toMatchObject({ outputTokens, choices });
    },
  );

  it("bounds the input by the body's bytes, and adds what the provider keeps", () => {
    const body = { model: "m", input: "päö" };
    const bytes = Buffer.byteLength(JSON.stringify(body));
    expect(understood(responses(body)).metering?.inputTokens).toBe(bytes);
    const chained = { model: "m", previous_response_id: "resp_1" };
    expect(understood(responses(chained)).metering?.demand.readsUnseen).toBe(true);
    expect(understood(generate({ cached_content: "c" })).metering?.demand.readsUnseen).toBe(true);
  });
});

describe("an output cap", () => {
  it.each([
    {
      what: "lowers the client's cap in place",
      call: chat('{"model":"m","max_tokens": 900 ,"seed":12345678901234567890}'),
      out: '{"model":"m","max_tokens": 50 ,"seed":12345678901234567890}',
    },
    {
      what: "lowers both of the client's caps and raises none",
      call: chat('{"max_tokens":900,"model":"m","max_completion_tokens":40}'),
      out: '{"max_tokens":50,"model":"m","max_completion_tokens":40}',
    },
    {
      what: "is max_completion_tokens for OpenAI",
      call: chat('{"model":"gpt-4o"}', "openai"),
      out: '{"max_completion_tokens":50,"model":"gpt-4o"}',
    },
    {
      what: "is max_tokens for a compatible server",
      call: chat('{"model":"llama-3"}', "ollama"),
      out: '{"max_tokens":50,"model":"llama-3"}',
    },
    {
      what: "is max_completion_tokens for OpenAI's newer models anywhere",
      call: chat('{"model":"o3-mini"}', "gateway"),
      out: '{"max_completion_tokens":50,"model":"o3-mini"}',
    },
    {
      what: "is max_tokens for completions",
      call: completions('{"model":"m","prompt":"{\\"max_tokens\\":1}"}'),
      out: '{"max_tokens":50,"model":"m","prompt":"{\\"max_tokens\\":1}"}',
    },
    {
      what: "is max_output_tokens for responses",
      call: responses('{"model":"m","max_output_tokens":null}'),
      out: '{"model":"m","max_output_tokens":50}',
    },
    {
      what: "is max_tokens for Anthropic, with the thinking off that no longer fits",
      call: messages(
        '{"model":"m","max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":9000}}',
      ),
      out: '{"model":"m","max_tokens":50,"thinking":{"type":"disabled"}}',
    },
    {
      what: "is inside generationConfig for Gemini",
      call: generate('{"contents":[],"generationConfig":{"temperature":0.2}}'),
      out: '{"contents":[],"generationConfig":{"temperature":0.2,"maxOutputTokens":50}}',
    },
    {
      what: "keeps the client's spelling for Gemini",
      call: generate('{"generation_config":{"max_output_tokens":900}}'),
      out: '{"generation_config":{"max_output_tokens":50}}',
    },
    {
      what: "brings its own generationConfig",
      call: generate("{}"),
      out: '{"generationConfig":{"maxOutputTokens":50}}',
    },
  ])("$what", ({ call, out }) => {
    expect(sent(understood(call), { outputTokens: 50 })).toBe(out);
  });

  it("leaves room for a smaller thinking budget", () => {
    const thinking = { type: "enabled", budget_tokens: 31_999 };
    const call = messages({ model: "m", max_tokens: 32_000, thinking });
    expect(JSON.parse(sent(understood(call), { outputTokens: 4096 }))).toMatchObject({
      max_tokens: 4096,
      thinking: { type: "enabled", budget_tokens: 4095 },
    });
  });
});

describe("usage in streams", () => {
  it.each([
    {
      call: chat('{"model":"m","stream":true}'),
      out: '{"stream_options":{"include_usage":true},"model":"m","stream":true}',
    },
    {
      call: chat('{"stream":true,"model":"m","stream_options":{"include_usage":false,"x":1}}'),
      out: '{"stream":true,"model":"m","stream_options":{"include_usage":true,"x":1}}',
    },
    {
      call: completions('{"model":"m","stream":true,"stream_options":null}'),
      out: '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
    },
  ])("is forced on: $out", ({ call, out }) => {
    expect(sent(understood(call))).toBe(out);
  });

  it.each([
    chat('{"model":"m","stream":true,"stream_options":{"include_usage":true}}'),
    chat('{"model":"m","stream":false}'),
    chat('{"model":"m"}'),
    responses('{"model":"m","stream":true}'),
    messages('{"model":"m","stream":true,"max_tokens":9}'),
  ])("needs no change in $body", (call) => {
    expect(sent(understood(call))).toBe(call.body);
  });

  it("and a cap survive a redaction", () => {
    const interpretation = understood(
      chat('{"model":"gpt-5","stream":true,"messages":["a@b.example"]}'),
    );
    const redacted = { model: "gpt-5", stream: true, messages: ["[email]"] };
    expect(JSON.parse(sent(interpretation, { redacted, outputTokens: 9 }))).toEqual({
      ...redacted,
      max_completion_tokens: 9,
      stream_options: { include_usage: true },
    });
  });
});

describe("setMembers", () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const object = fc.dictionary(fc.string(), json, { maxKeys: 6 });

  it("is what assigning to the parsed object would be, whatever the text looks like", () => {
    const edits = fc.array(fc.tuple(fc.string(), json), { maxLength: 3 });
    fc.assert(
      fc.property(object, edits, fc.constantFrom(0, 2), (value, changes, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const body: JsonObject = JSON.parse(text);
        const keys = [
          ...Object.keys(body)
            .slice(0, 2)
            .map((key) => [key, "changed"] as const),
          ...changes,
        ];
        const unique = new Map(keys.map(([key, to]) => [key, JSON.parse(JSON.stringify(to))]));
        const list = Array.from(unique, ([key, to]) => ({ key, value: to }));
        const wanted = Object.fromEntries([...Object.entries(body), ...unique]);
        expect(JSON.parse(setMembers(text, body, list))).toEqual(wanted);
      }),
      { numRuns: 1000 },
    );
  });

  it("leaves every byte outside the changed members alone", () => {
    const text = '\n{ "a" : [1, {"b":"}\\""}], "b":1e2 ,"c":{"b":2}}\n';
    expect(setMembers(text, JSON.parse(text), [{ key: "b", value: 3 }])).toBe(
      '\n{ "a" : [1, {"b":"}\\""}], "b":3 ,"c":{"b":2}}\n',
    );
  });
});
