/**
 * Chat completions and the older completions.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
import { isJsonArray, isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { Caps, RequestFacts, RequestGrammar } from "../operation.ts";
import {
  booleanMember,
  choicesMember,
  larger,
  stringMember,
  tokensMember,
  type MemberReading,
} from "../read-member.ts";
import type { MemberEdit } from "../../set-members.ts";
import { chatDemand } from "./openai-demand.ts";

const CAPS = ["max_completion_tokens", "max_tokens"] as const;

/** OpenAI's own models refuse `max_tokens`; compatible servers may not know the newer name. */
const NEWER_NAME = /^(?:o[1-9]|gpt-[5-9]|chatgpt)/;

export const chatRequest: RequestGrammar = {
  judged: new Set([
    "model",
    "stream",
    "stream_options",
    "n",
    "messages",
    "tools",
    "service_tier",
    "web_search_options",
    "plugins",
    ...CAPS,
  ]),
  read(body, endpoint) {
    const reading: MemberReading = { body, problem: undefined };
    const facts: RequestFacts = {
      model: endpoint.model ?? stringMember(reading, "model"),
      stream: booleanMember(reading, "stream"),
      outputTokens: larger(
        tokensMember(reading, "max_completion_tokens"),
        tokensMember(reading, "max_tokens"),
      ),
      zeroIsCap: false,
      choices: choicesMember(reading, "n"),
      demand: chatDemand(body, endpoint.model ?? body["model"]),
      wantsUsage: wantsUsage(body),
    };
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits(body, facts, caps) {
    return [...capEdits(body, facts, caps), ...usageEdits(body, facts)];
  },
};

export const completionsRequest: RequestGrammar = {
  judged: new Set([
    "model",
    "stream",
    "stream_options",
    "n",
    "best_of",
    "prompt",
    "max_tokens",
    "service_tier",
  ]),
  read(body, endpoint) {
    const reading: MemberReading = { body, problem: undefined };
    const answers = Math.max(choicesMember(reading, "n"), choicesMember(reading, "best_of"));
    const facts: RequestFacts = {
      model: endpoint.model ?? stringMember(reading, "model"),
      stream: booleanMember(reading, "stream"),
      outputTokens: tokensMember(reading, "max_tokens"),
      zeroIsCap: false,
      choices: answers * promptsIn(body),
      demand: chatDemand(body, endpoint.model ?? body["model"]),
      wantsUsage: wantsUsage(body),
    };
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits(body, facts, { outputTokens }) {
    const capped = outputTokens === undefined ? [] : [{ key: "max_tokens", value: outputTokens }];
    return [...capped, ...usageEdits(body, facts)];
  },
};

/** Each prompt of a list is answered by itself; a list of numbers is one prompt in tokens. */
function promptsIn(body: JsonObject): number {
  const prompt = body["prompt"];
  if (!isJsonArray(prompt) || prompt.length === 0 || typeof prompt[0] === "number") return 1;
  return prompt.length;
}

/** Lowers every cap the client set; names one where it set none. */
function capEdits(
  body: JsonObject,
  { model }: RequestFacts,
  { outputTokens: tokens, provider }: Caps,
): readonly MemberEdit[] {
  if (tokens === undefined) return [];
  const present = CAPS.filter((key) => typeof body[key] === "number");
  if (present.length > 0) {
    return present.map((key) => ({ key, value: Math.min(Number(body[key]), tokens) }));
  }
  const newer = provider === "openai" || provider === "azure" || NEWER_NAME.test(model);
  return [{ key: newer ? "max_completion_tokens" : "max_tokens", value: tokens }];
}

function wantsUsage(body: JsonObject): boolean {
  const options = body["stream_options"];
  return isJsonObject(options) && options["include_usage"] === true;
}

/** Without it a stream ends without a bill. */
function usageEdits(body: JsonObject, facts: RequestFacts): readonly MemberEdit[] {
  if (!facts.stream || facts.wantsUsage) return [];
  const options = body["stream_options"];
  const others = isJsonObject(options) ? options : {};
  return [{ key: "stream_options", value: { ...others, include_usage: true } }];
}
