/** What each dialect's requests may make their provider bill beside their bytes. */
import { describe, expect, it } from "vitest";
import { NO_DEMAND, type Demand } from "../../../src/core/money/demand.ts";
import { anthropicWire } from "../../../src/proxy/llm/anthropic/anthropic-wire.ts";
import { geminiWire } from "../../../src/proxy/llm/gemini/gemini-wire.ts";
import { openaiWire } from "../../../src/proxy/llm/openai/openai-wire.ts";
import { sent, understood, upstreamOf } from "./support.ts";

const call = (url: string, body: object) => {
  const wire = url.startsWith("/v1beta")
    ? geminiWire
    : url === "/v1/messages"
      ? anthropicWire
      : openaiWire;
  return { wire, upstream: upstreamOf("openai"), url, body };
};
const demandOf = (url: string, body: object): Demand | undefined =>
  understood(call(url, body)).metering?.demand;

const chat = (more: object) => demandOf("/v1/chat/completions", { model: "gpt-4o", ...more });
const said = (part: object) => ({ messages: [{ role: "user", content: [part] }] });
const responses = (more: object) =>
  demandOf("/v1/responses", { model: "gpt-5", input: "a", ...more });
const messages = (more: object) =>
  demandOf("/v1/messages", { model: "claude", max_tokens: 9, ...more });
const generate = (more: object) =>
  demandOf("/v1beta/models/g:generateContent", { contents: [], ...more });

describe("OpenAI", () => {
  it("costs its bytes where nothing else is asked", () => {
    const tools = [
      { type: "function", function: { name: "f" } },
      { type: "custom", name: "c" },
    ];
    expect(chat({ ...said({ type: "text", text: "a" }), tools })).toEqual(NO_DEMAND);
    expect(responses({ tools: [{ type: "function", name: "f" }] })).toEqual(NO_DEMAND);
  });

  it.each([
    ["default", "standard"],
    ["auto", "standard"],
    ["flex", "flex"],
    ["priority", "priority"],
    ["fast", "priority"],
    ["ultrafast", "other"],
    [7, "other"],
  ])("service tier %j is %s", (service_tier, tier) => {
    expect(chat({ service_tier })?.tier).toBe(tier);
    expect(responses({ service_tier })?.tier).toBe(tier);
  });

  it("counts pictures by their number, whatever their URL or size", () => {
    const picture = { type: "image_url", image_url: { url: "https://example.org/a.png" } };
    const one = chat(said(picture))?.imageTokens ?? 0;
    expect(one).toBeGreaterThan(1000);
    const message = { role: "user", content: [picture, picture] };
    expect(chat({ messages: [message, message] })?.imageTokens).toBe(4 * one);
    const mini = demandOf("/v1/chat/completions", { model: "gpt-4o-mini", ...said(picture) });
    expect(mini?.imageTokens).toBeGreaterThan(one);
    const output = [{ type: "input_image", image_url: "data:image/png;base64,AA==" }];
    const item = { type: "function_call_output", call_id: "c", output };
    expect(responses({ input: [item] })?.imageTokens).toBe(one);
  });

  it("takes files and stored text for all that the model can read", () => {
    expect(chat(said({ type: "file", file: { file_id: "f" } }))?.readsUnseen).toBe(true);
    for (const more of [
      { previous_response_id: "r" },
      { conversation: "c" },
      { prompt: { id: "p" } },
      { input: [{ type: "item_reference", id: "i" }] },
      { input: [{ role: "user", content: [{ type: "input_file", file_url: "https://x" }] }] },
    ]) {
      expect(responses(more)?.readsUnseen).toBe(true);
    }
  });

  it("knows which tools the provider runs, and how often at most", () => {
    expect(chat({ web_search_options: {} })).toMatchObject({
      tools: ["web_search"],
      toolCallsMax: 1,
    });
    const preview = demandOf("/v1/chat/completions", { model: "gpt-4o-search-preview" });
    expect(preview?.tools).toEqual(["web_search"]);
    const of = (type: string) => responses({ tools: [{ type }] })?.tools;
    expect(of("web_search_preview_2025_03_11")).toEqual(["web_search"]);
    expect(of("file_search")).toEqual(["file_search"]);
    expect(of("tool_search")).toEqual(["unbilled"]);
    for (const type of ["code_interpreter", "mcp", "image_generation", "not_invented_yet"]) {
      expect(of(type)).toEqual(["other"]);
    }
    const shell = (environment: string) =>
      responses({ tools: [{ type: "shell", environment: { type: environment } }] })?.tools;
    expect(shell("local")).toEqual([]);
    expect(shell("container_auto")).toEqual(["other"]);
    const bounded = responses({ tools: [{ type: "web_search" }], max_tool_calls: 3 });
    expect(bounded?.toolCallsMax).toBe(3);
  });

  it("is bounded in a member of its own where the client set no bound", () => {
    const asked = { model: "gpt-5", input: "a", tools: [{ type: "web_search" }] };
    const text = sent(understood(call("/v1/responses", asked)), { toolCalls: 5 });
    expect(JSON.parse(text)).toEqual({ ...asked, max_tool_calls: 5 });
  });
});

describe("Anthropic", () => {
  it("costs its bytes where nothing else is asked", () => {
    const tools = [
      { name: "f", input_schema: {} },
      { type: "bash_20250124", name: "bash" },
      { type: "text_editor_20250728", name: "edit" },
      { type: "memory_20250818", name: "memory" },
      { type: "tool_search_tool_regex_20251119", name: "find" },
    ];
    const document = { type: "document", source: { type: "text", data: "plain" } };
    expect(messages({ ...said(document), tools, service_tier: "auto" })).toEqual(NO_DEMAND);
  });

  it("is dearer where it names the place that computes it", () => {
    expect(messages({ inference_geo: "us" })?.surcharge).toBe(10);
    expect(messages({ inference_geo: "elsewhere" })?.surcharge).toBe(10);
    expect(messages({ inference_geo: "global" })?.surcharge).toBe(0);
    expect(messages({ inference_geo: null })?.surcharge).toBe(0);
  });

  it("knows fast mode, pictures, documents and containers", () => {
    expect(messages({ speed: "fast" })?.tier).toBe("fast");
    const picture = { type: "image", source: { type: "url", url: "https://x" } };
    const nested = { type: "tool_result", content: [picture] };
    expect(messages(said(nested))?.imageTokens).toBeGreaterThan(1000);
    const pdf = { type: "document", source: { type: "base64", data: "JVBERi0=" } };
    expect(messages(said(pdf))?.readsUnseen).toBe(true);
    expect(messages({ container: "c" })?.readsUnseen).toBe(true);
  });

  it("adds up how often its provider's tools may run, and bounds those without a bound", () => {
    const search = { type: "web_search_20250305", name: "web_search" };
    const fetch_ = { type: "web_fetch_20250910", name: "web_fetch", max_uses: 2 };
    expect(messages({ tools: [{ ...search, max_uses: 3 }, fetch_] })).toMatchObject({
      tools: ["web_search", "unbilled"],
      toolCallsMax: 5,
    });
    const asked = { model: "claude", max_tokens: 9, tools: [search, fetch_] };
    expect(demandOf("/v1/messages", asked)?.toolCallsMax).toBeUndefined();
    const text = sent(understood(call("/v1/messages", asked)), { toolCalls: 5 });
    expect(JSON.parse(text)).toEqual({ ...asked, tools: [{ ...search, max_uses: 5 }, fetch_] });
    expect(messages({ tools: [{ type: "code_execution_20250825", name: "c" }] })?.tools).toEqual([
      "other",
    ]);
    expect(messages({ mcp_servers: [] })?.tools).toEqual(["other"]);
  });

  it("keeps a cap of zero, which only warms the cache", () => {
    const asked = { model: "claude", max_tokens: 0, messages: [] };
    const interpretation = understood(call("/v1/messages", asked));
    expect(interpretation.metering).toMatchObject({ outputTokens: 0, zeroIsCap: true });
  });
});

describe("Gemini", () => {
  it("costs its bytes where nothing else is asked", () => {
    const tools = [{ functionDeclarations: [] }, { function_declarations: [] }];
    const parts = [{ text: "a" }, { inlineData: { mimeType: "audio/wav", data: "AA" } }];
    expect(generate({ contents: [{ parts }], tools })).toEqual(NO_DEMAND);
  });

  it("knows tiers, tools and media in both spellings", () => {
    expect(generate({ serviceTier: "SERVICE_TIER_PRIORITY" })?.tier).toBe("priority");
    expect(generate({ service_tier: "flex" })?.tier).toBe("flex");
    expect(generate({ tools: [{ google_search: {} }, { codeExecution: {} }] })?.tools).toEqual([
      "web_search",
      "unbilled",
    ]);
    expect(generate({ tools: [{ googleMaps: {} }] })?.tools).toEqual(["other"]);
    const parts = (part: object) => generate({ contents: [{ parts: [part] }] });
    const inline = (mime_type: string) => parts({ inline_data: { mime_type, data: "AA" } });
    expect(inline("image/png")?.imageTokens).toBeGreaterThan(1000);
    expect(inline("application/pdf")?.readsUnseen).toBe(true);
    expect(inline("video/mp4")?.readsUnseen).toBe(true);
    expect(parts({ fileData: { fileUri: "https://youtu.be/x" } })?.readsUnseen).toBe(true);
  });
});
