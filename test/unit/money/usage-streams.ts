import type { JsonObject } from "../../../src/core/json.ts";
import type { UsageApi } from "../../../src/core/money/usage-reader.ts";
import { UNCOUNTED, type Usage } from "../../../src/core/money/usage.ts";

/** One answer as a provider streams it, written after its documentation, and what was billed. */
export interface UsageStream {
  readonly title: string;
  readonly api: UsageApi;
  readonly events: readonly JsonObject[];
  readonly model: string | undefined;
  readonly usage: Usage | undefined;
}

export const NONE: Usage = { ...UNCOUNTED, source: "provider" };

const chunk = (more: JsonObject): JsonObject => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "gpt-4o-2024-08-06",
  ...more,
});

const delta = (content: string, finish: string | null = null): JsonObject => ({
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});

const OPENAI: readonly UsageStream[] = [
  {
    title: "a chat stream whose last chunk has usage and no choices",
    api: "chat",
    model: "gpt-4o-2024-08-06",
    events: [
      chunk({ ...delta("Hel"), usage: null }),
      chunk({ ...delta("lo", "stop"), usage: null }),
      chunk({
        choices: [],
        usage: {
          prompt_tokens: 2006,
          completion_tokens: 300,
          total_tokens: 2306,
          prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 192, audio_tokens: 0 },
        },
      }),
    ],
    usage: {
      ...NONE,
      input: 86,
      cacheRead: 1920,
      audioInput: 0,
      output: 108,
      reasoning: 192,
      audioOutput: 0,
    },
  },
  {
    // litellm#36168: the usage was dropped because the chunk had choices.
    title: "a chat stream whose usage comes beside content",
    api: "chat",
    model: "qwen",
    events: [
      { model: "qwen", ...delta("a") },
      {
        model: "qwen",
        ...delta("b", "stop"),
        usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
      },
      { model: "qwen", choices: [] },
    ],
    usage: { ...NONE, input: 11, output: 5 },
  },
  {
    title: "a chat stream that counts on in every chunk",
    api: "chat",
    model: "llama",
    events: [1, 2, 3].map((n) => ({
      model: "llama",
      ...delta("x"),
      usage: { prompt_tokens: 7, completion_tokens: n, total_tokens: 7 + n },
    })),
    usage: { ...NONE, input: 7, output: 3 },
  },
  {
    // litellm#37992: an explicit zero was taken for missing.
    title: "a chat answer that explicitly used nothing",
    api: "chat",
    model: "m",
    events: [{ model: "m", usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }],
    usage: { ...NONE, input: 0, output: 0 },
  },
  {
    title: "a chat stream that never says usage",
    api: "chat",
    model: "m",
    events: [
      { model: "m", ...delta("a"), usage: null },
      { model: "m", ...delta("", "stop") },
    ],
    usage: undefined,
  },
  {
    // xAI: completion_tokens does not include reasoning_tokens; the three make the total.
    title: "reasoning counted beside the completion",
    api: "chat",
    model: "grok-4",
    events: [
      {
        model: "grok-4",
        usage: {
          prompt_tokens: 100,
          completion_tokens: 10,
          total_tokens: 150,
          completion_tokens_details: { reasoning_tokens: 40 },
        },
      },
    ],
    usage: { ...NONE, input: 100, output: 10, reasoning: 40 },
  },
  {
    title: "cached input that DeepSeek names beside the totals",
    api: "chat",
    model: "deepseek-chat",
    events: [
      {
        model: "deepseek-chat",
        usage: {
          prompt_tokens: 100,
          completion_tokens: 2,
          total_tokens: 102,
          prompt_cache_hit_tokens: 64,
          prompt_cache_miss_tokens: 36,
        },
      },
    ],
    usage: { ...NONE, input: 36, cacheRead: 64, output: 2 },
  },
  {
    title: "audio in and out",
    api: "chat",
    model: "gpt-4o-audio-preview",
    events: [
      {
        model: "gpt-4o-audio-preview",
        usage: {
          prompt_tokens: 90,
          completion_tokens: 50,
          prompt_tokens_details: { audio_tokens: 60, cached_tokens: 10 },
          completion_tokens_details: { audio_tokens: 45, reasoning_tokens: 0 },
        },
      },
    ],
    usage: {
      ...NONE,
      input: 20,
      cacheRead: 10,
      audioInput: 60,
      output: 5,
      reasoning: 0,
      audioOutput: 45,
    },
  },
  {
    title: "embeddings, which have no output",
    api: "embeddings",
    model: "text-embedding-3-small",
    events: [
      {
        object: "list",
        model: "text-embedding-3-small",
        usage: { prompt_tokens: 8, total_tokens: 8 },
      },
    ],
    usage: { ...NONE, input: 8, output: 0 },
  },
  {
    title: "a responses stream that completes",
    api: "responses",
    model: "gpt-5.4",
    events: [
      { type: "response.created", response: { model: "gpt-5.4", usage: null } },
      { type: "response.output_text.delta", delta: "hi" },
      {
        type: "response.completed",
        response: {
          model: "gpt-5.4",
          usage: {
            input_tokens: 328,
            input_tokens_details: { cached_tokens: 256 },
            output_tokens: 52,
            output_tokens_details: { reasoning_tokens: 50 },
            total_tokens: 380,
          },
        },
      },
    ],
    usage: { ...NONE, input: 72, cacheRead: 256, output: 2, reasoning: 50 },
  },
  {
    title: "a responses stream that ends incomplete",
    api: "responses",
    model: "o3",
    events: [
      {
        type: "response.incomplete",
        response: { model: "o3", usage: { input_tokens: 5, output_tokens: 16 } },
      },
    ],
    usage: { ...NONE, input: 5, output: 16 },
  },
];

const ANTHROPIC: readonly UsageStream[] = [
  {
    // ai-gateway#2290, apisix#13662: usage of message_start and message_delta belong together.
    title: "a messages stream with cache reads and writes",
    api: "messages",
    model: "claude-sonnet-4-5-20250929",
    events: [
      {
        type: "message_start",
        message: {
          model: "claude-sonnet-4-5-20250929",
          usage: {
            input_tokens: 21,
            cache_creation_input_tokens: 500,
            cache_read_input_tokens: 1886,
            cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 400 },
            output_tokens: 1,
          },
        },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "ping" },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
      { type: "message_delta", delta: { stop_reason: null }, usage: { output_tokens: 40 } },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn" },
        usage: { output_tokens: 393, server_tool_use: { web_search_requests: 2 } },
      },
      { type: "message_stop" },
    ],
    usage: {
      ...NONE,
      input: 21,
      cacheRead: 1886,
      cacheWrite: 100,
      cacheWriteHour: 400,
      output: 393,
      webSearches: 2,
    },
  },
  {
    title: "a messages stream that corrects its input at the end",
    api: "messages",
    model: "claude-opus-4-6",
    events: [
      {
        type: "message_start",
        message: { model: "claude-opus-4-6", usage: { input_tokens: 0, output_tokens: 0 } },
      },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn" },
        usage: { input_tokens: 10_682, cache_read_input_tokens: 0, output_tokens: 510 },
      },
    ],
    usage: { ...NONE, input: 10_682, cacheRead: 0, output: 510 },
  },
  {
    title: "a messages stream that breaks off: the start's output is a placeholder",
    api: "messages",
    model: "claude-haiku-4-5",
    events: [
      {
        type: "message_start",
        message: { model: "claude-haiku-4-5", usage: { input_tokens: 12, output_tokens: 3 } },
      },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "long" } },
    ],
    usage: { ...NONE, input: 12 },
  },
  {
    title: "a message that is not streamed",
    api: "messages",
    model: "claude-haiku-4-5",
    events: [
      {
        type: "message",
        model: "claude-haiku-4-5",
        usage: { input_tokens: 12, output_tokens: 6, cache_creation_input_tokens: 0 },
      },
    ],
    usage: { ...NONE, input: 12, cacheWrite: 0, output: 6 },
  },
];

const GEMINI: readonly UsageStream[] = [
  {
    title: "a stream whose counts grow, with cache and thoughts",
    api: "generate",
    model: "gemini-2.5-flash",
    events: [
      {
        modelVersion: "gemini-2.5-flash",
        candidates: [{ content: { parts: [{ text: "a" }] } }],
        usageMetadata: {
          promptTokenCount: 1000,
          cachedContentTokenCount: 600,
          candidatesTokenCount: 5,
          thoughtsTokenCount: 80,
          totalTokenCount: 1085,
        },
      },
      {
        modelVersion: "gemini-2.5-flash",
        candidates: [{ content: { parts: [{ text: "b" }] }, finishReason: "STOP" }],
        usageMetadata: {
          promptTokenCount: 1000,
          cachedContentTokenCount: 600,
          candidatesTokenCount: 25,
          thoughtsTokenCount: 80,
          toolUsePromptTokenCount: 30,
          totalTokenCount: 1135,
          promptTokensDetails: [
            { modality: "TEXT", tokenCount: 900 },
            { modality: "AUDIO", tokenCount: 100 },
          ],
        },
      },
    ],
    usage: {
      ...NONE,
      input: 300,
      toolInput: 30,
      cacheRead: 600,
      audioInput: 100,
      output: 25,
      reasoning: 80,
    },
  },
  {
    title: "an image, billed apart from text",
    api: "generate",
    model: "gemini-2.5-flash-image",
    events: [
      {
        modelVersion: "gemini-2.5-flash-image",
        candidates: [{ finishReason: "STOP" }],
        usageMetadata: {
          promptTokenCount: 9,
          candidatesTokenCount: 1300,
          candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1290 }],
        },
      },
    ],
    usage: { ...NONE, input: 9, output: 10, imageOutput: 1290 },
  },
  {
    title: "a stream that breaks off: what was generated after is unknown",
    api: "generate",
    model: undefined,
    events: [
      {
        candidates: [{ content: { parts: [{ text: "a" }] } }],
        usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 1, totalTokenCount: 5 },
      },
    ],
    usage: { ...NONE, input: 4 },
  },
  {
    title: "a prompt that was blocked generated nothing",
    api: "generate",
    model: "gemini-2.5-pro",
    events: [
      {
        modelVersion: "gemini-2.5-pro",
        promptFeedback: { blockReason: "SAFETY" },
        usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 },
      },
    ],
    usage: { ...NONE, input: 4, output: 0 },
  },
];

export const USAGE_STREAMS: readonly UsageStream[] = [...OPENAI, ...ANTHROPIC, ...GEMINI];
