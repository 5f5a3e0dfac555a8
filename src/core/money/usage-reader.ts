import { impossible } from "../../lib/impossible.ts";
import type { HeadFields } from "../head-fields.ts";
import type { JsonObject } from "../json.ts";
import { createAnthropicUsage } from "./usage-anthropic.ts";
import { createConverseUsage, createInvokeUsage } from "./usage-bedrock.ts";
import { createGeminiUsage } from "./usage-gemini.ts";
import { createOpenAiUsage } from "./usage-openai.ts";
import type { Usage } from "./usage.ts";

/** The wire shapes that carry usage; each is the `operation` of an LLM action. */
export type UsageApi =
  | "chat"
  | "completions"
  | "embeddings"
  | "responses"
  | "messages"
  | "generate"
  | "converse"
  | "invoke";

/**
 * Reads usage out of one answer, wherever in it the usage comes. Counts are cumulative on every
 * wire: a later one replaces an earlier one, and one that goes backwards is not believed.
 */
export interface UsageReader {
  /** What the head of the answer says; lower-case names. */
  readHead?(headers: HeadFields): void;
  /** One parsed event of a stream, or the whole body of an answer that is not streamed. */
  read(event: JsonObject): void;
  /** `undefined` until the provider said something that can be believed. */
  usage(): Usage | undefined;
  /** The model that answered, if the provider named it. */
  model(): string | undefined;
}

export function createUsageReader(api: UsageApi): UsageReader {
  switch (api) {
    case "chat":
    case "completions":
    case "embeddings":
    case "responses":
      return createOpenAiUsage();
    case "messages":
      return createAnthropicUsage();
    case "generate":
      return createGeminiUsage();
    case "converse":
      return createConverseUsage();
    case "invoke":
      return createInvokeUsage();
    default:
      return impossible(api);
  }
}
