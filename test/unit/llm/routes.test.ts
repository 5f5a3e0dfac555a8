import { describe, expect, it } from "vitest";
import { anthropicWire } from "../../../src/proxy/llm/anthropic/anthropic-wire.ts";
import { geminiWire } from "../../../src/proxy/llm/gemini/gemini-wire.ts";
import { openaiWire } from "../../../src/proxy/llm/openai/openai-wire.ts";
import { headOf, interpret, llmAction, refusalTo, understood, upstreamOf } from "./support.ts";

const openai = (pathPrefix = "") => ({
  wire: openaiWire,
  upstream: upstreamOf("openai", { pathPrefix }),
});
const anthropic = (pathPrefix = "") => ({
  wire: anthropicWire,
  upstream: upstreamOf("anthropic", { pathPrefix }),
});
const gemini = (pathPrefix = "") => ({
  wire: geminiWire,
  upstream: upstreamOf("gemini", { pathPrefix }),
});

const CHAT = { model: "m", messages: [] };

describe("the OpenAI door", () => {
  it.each([
    { prefix: "", url: "/chat/completions", target: "/v1/chat/completions" },
    { prefix: "", url: "/v1/chat/completions", target: "/v1/chat/completions" },
    { prefix: "", url: "/v1/v1/chat/completions", target: "/v1/chat/completions" },
    { prefix: "/v1", url: "/v1/chat/completions", target: "/chat/completions" },
    { prefix: "/v1", url: "/chat/completions", target: "/chat/completions" },
    { prefix: "/api/v1", url: "/v1/responses?x=1", target: "/responses?x=1" },
    { prefix: "/openai/v1", url: "/v1/embeddings", target: "/embeddings" },
    { prefix: "/v1beta/openai", url: "/v1/chat/completions", target: "/chat/completions" },
    { prefix: "", url: "/openai/v1/chat/completions", target: "/openai/v1/chat/completions" },
    { prefix: "/openai", url: "/openai/v1/responses", target: "/v1/responses" },
    {
      prefix: "",
      url: "/openai/responses?api-version=d",
      target: "/openai/responses?api-version=d",
    },
  ])("sends $url below $prefix to $target", ({ prefix, url, target }) => {
    const { exchange, verdict } = interpret({ ...openai(prefix), url, body: CHAT });
    expect(exchange.target).toBe(target);
    expect(exchange.bodyNeed).toBe("whole");
    expect(verdict.kind).toBe("pass");
  });

  it("judges the deployment in an Azure path, not the model in the body", () => {
    const url = "/openai/deployments/cheap-one/chat/completions?api-version=2024-10-21";
    const call = { ...openai(), url, body: { ...CHAT, model: "something-else" } };
    expect(interpret(call).exchange.target).toBe(url);
    expect(llmAction(understood(call))).toMatchObject({ operation: "chat", model: "cheap-one" });
  });

  it.each([
    { url: "/v1/chat/completions", operation: "chat" },
    { url: "/v1/completions", operation: "completions" },
    { url: "/v1/responses", operation: "responses" },
    { url: "/v1/embeddings", operation: "embeddings" },
  ])("calls $url $operation", ({ url, operation }) => {
    expect(llmAction(understood({ ...openai(), url, body: CHAT }))).toMatchObject({ operation });
  });

  it.each([
    { url: "/v1/models", model: "" },
    { url: "/v1/models/gpt-5", model: "gpt-5" },
    { url: "/v1/models/meta-llama/Llama-3", model: "meta-llama/Llama-3" },
  ])("lists models at $url without a body or a bill", ({ url, model }) => {
    const interpretation = understood({ ...openai(), url }, { method: "GET" });
    const { action, metering, scannable } = interpretation;
    expect(action).toMatchObject({ kind: "llm", operation: "models", model });
    expect(metering).toMatchObject({ bills: "nothing" });
    expect(scannable).toEqual({ kind: "none" });
    expect(interpretation.compose({ redacted: undefined, outputTokens: 5 })).toEqual({
      kind: "none",
    });
  });

  it.each([
    { method: "POST", url: "/v1/files" },
    { method: "GET", url: "/v1/responses/resp_1" },
    { method: "DELETE", url: "/v1/responses/resp_1" },
    { method: "GET", url: "/v1/chat/completions" },
    { method: "POST", url: "/v1/models" },
    { method: "GET", url: "/v1/models/a%2Fb" },
    { method: "POST", url: "/openai/deployments/a%20b/chat/completions" },
    { method: "POST", url: "/realtime/sessions" },
    { method: "GET", url: "/" },
  ])("does not know $method $url: plain HTTP that a rule must name", ({ method, url }) => {
    const { action, metering } = understood({ ...openai(), url }, { method });
    expect(action).toMatchObject({ kind: "http", special: "unknown_endpoint", method, path: url });
    expect(metering).toBeUndefined();
  });

  it("refuses an unknown endpoint in OpenAI's words", () => {
    const { exchange } = interpret({ ...openai(), url: "/v1/files" });
    const reply = exchange.refuse({ code: "unknown_endpoint", detail: "No." });
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body).error).toMatchObject({ code: "unknown_endpoint", param: null });
  });
});

describe("the Anthropic door", () => {
  it.each([
    { prefix: "", url: "/messages", target: "/v1/messages" },
    { prefix: "", url: "/v1/messages?beta=true", target: "/v1/messages?beta=true" },
    { prefix: "", url: "/v1/v1/messages", target: "/v1/messages" },
    { prefix: "/anthropic/v1", url: "/v1/messages", target: "/messages" },
    { prefix: "/anthropic", url: "/v1/messages", target: "/v1/messages" },
    { prefix: "", url: "/v1/messages/count_tokens", target: "/v1/messages/count_tokens" },
  ])("sends $url below $prefix to $target", ({ prefix, url, target }) => {
    const { exchange, verdict } = interpret({ ...anthropic(prefix), url, body: CHAT });
    expect(exchange.target).toBe(target);
    expect(verdict.kind).toBe("pass");
  });

  it("counts tokens of a named model for nothing", () => {
    const call = { ...anthropic(), url: "/v1/messages/count_tokens", body: CHAT };
    expect(llmAction(understood(call))).toMatchObject({ operation: "count_tokens", model: "m" });
    expect(understood(call).metering).toMatchObject({ bills: "nothing" });
  });

  it.each(["/v1/messages/batches", "/v1/complete", "/v1/files"])("does not know %s", (url) => {
    expect(understood({ ...anthropic(), url }).action).toMatchObject({
      special: "unknown_endpoint",
    });
  });
});

describe("the Gemini door", () => {
  it.each([
    {
      prefix: "",
      url: "/v1beta/models/gemini-3-pro:generateContent",
      target: "/v1beta/models/gemini-3-pro:generateContent",
    },
    {
      prefix: "",
      url: "/v1/models/gemini-3-pro:streamGenerateContent?alt=sse",
      target: "/v1/models/gemini-3-pro:streamGenerateContent?alt=sse",
    },
    { prefix: "", url: "/models/g:countTokens", target: "/v1beta/models/g:countTokens" },
    { prefix: "/v1beta", url: "/v1beta/models/g:embedContent", target: "/models/g:embedContent" },
    {
      prefix: "",
      url: "/v1beta/v1/models/g:generateContent",
      target: "/v1/models/g:generateContent",
    },
    {
      prefix: "",
      url: "/v1beta/models/g:generateContent?key=AIza",
      target: "/v1beta/models/g:generateContent",
    },
    {
      prefix: "",
      url: "/v1beta/models/g:streamGenerateContent?key=k&alt=sse&access_token=t",
      target: "/v1beta/models/g:streamGenerateContent?alt=sse",
    },
  ])("sends $url below $prefix to $target, without a credential", ({ prefix, url, target }) => {
    const { exchange, verdict } = interpret({ ...gemini(prefix), url, body: { contents: [] } });
    expect(exchange.target).toBe(target);
    expect(verdict.kind).toBe("pass");
  });

  it.each([
    { method: "generateContent", operation: "generate", stream: false, bills: "input_and_output" },
    {
      method: "streamGenerateContent",
      operation: "generate",
      stream: true,
      bills: "input_and_output",
    },
    { method: "embedContent", operation: "embeddings", stream: false, bills: "input" },
    { method: "batchEmbedContents", operation: "embeddings", stream: false, bills: "input" },
    { method: "countTokens", operation: "count_tokens", stream: false, bills: "nothing" },
  ])("calls $method $operation", ({ method, operation, stream, bills }) => {
    const url = `/v1beta/models/g-3:${method}?alt=sse`;
    const interpretation = understood({ ...gemini(), url, body: {} });
    expect(interpretation.action).toMatchObject({ kind: "llm", operation, stream, model: "g-3" });
    expect(interpretation.metering).toMatchObject({ bills });
  });

  it.each([
    { query: "?alt=proto", why: "an unreadable encoding (alt)" },
    { query: "?%24alt=proto", why: "an unreadable encoding (alt)" },
    { query: "?alt=sse&alt=json", why: "a parameter twice" },
    { query: "?alt=sse&$alt=json", why: "a parameter twice" },
    { query: "?$httpHeaders=x", why: "a parameter that is not known here" },
    { query: "?fields=candidates", why: "a parameter that is not known here" },
    { query: "", why: "add ?alt=sse" },
  ])("refuses the query $query of a stream: $why", ({ query, why }) => {
    const url = `/v1beta/models/g:streamGenerateContent${query}`;
    const refusal = refusalTo({ ...gemini(), url, body: {} });
    expect(refusal).toMatchObject({ code: "malformed" });
    expect(refusal.detail).toContain(why);
  });

  it.each([
    "/v1beta/models/g:predictLongRunning",
    "/v1beta/cachedContents",
    "/v1beta/models/a/b:generateContent",
    "/v1beta/openai/chat/completions",
    "/upload/v1beta/files",
  ])("does not know %s", (url) => {
    expect(understood({ ...gemini(), url }).action).toMatchObject({ special: "unknown_endpoint" });
  });
});

describe("every door", () => {
  it("asks for no body where the operation has none", () => {
    const head = headOf(upstreamOf("openai"), "/v1/models", { method: "GET" });
    expect(openaiWire.open(head).bodyNeed).toBe("none");
  });
});
