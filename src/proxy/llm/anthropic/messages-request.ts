/** @see https://docs.anthropic.com/en/api/messages */
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { boundedTools, messagesDemand } from "./messages-demand.ts";
import type { RequestFacts, RequestGrammar } from "../operation.ts";
import { booleanMember, stringMember, tokensMember, type MemberReading } from "../read-member.ts";
import type { MemberEdit } from "../../set-members.ts";

/** Smallest thinking budget the API takes; it must stay below `max_tokens`. */
const THINKING_TOKENS_MIN = 1024;

export const messagesRequest: RequestGrammar = {
  judged: new Set([
    "model",
    "stream",
    "max_tokens",
    "messages",
    "system",
    "tools",
    "thinking",
    "service_tier",
    "speed",
    "inference_geo",
    "mcp_servers",
    "container",
  ]),
  read(body, endpoint) {
    const reading: MemberReading = { body, problem: undefined };
    const facts: RequestFacts = {
      model: endpoint.model ?? stringMember(reading, "model"),
      stream: booleanMember(reading, "stream"),
      outputTokens: tokensMember(reading, "max_tokens"),
      // Zero only fills the prompt cache.
      zeroIsCap: true,
      choices: 1,
      demand: messagesDemand(body),
      wantsUsage: true,
    };
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits(body, _facts, { outputTokens, toolCalls }) {
    const edits: MemberEdit[] = [];
    if (outputTokens !== undefined) {
      edits.push({ key: "max_tokens", value: outputTokens });
      const thinking = thinkingBelow(body, outputTokens);
      if (thinking !== undefined) edits.push(thinking);
    }
    const tools = toolCalls === undefined ? undefined : boundedTools(body, toolCalls);
    if (tools !== undefined) edits.push({ key: "tools", value: tools });
    return edits;
  },
};

/** A lower cap must not leave a thinking budget above it, which the API refuses. */
function thinkingBelow(body: JsonObject, cap: number): MemberEdit | undefined {
  const thinking = body["thinking"];
  if (!isJsonObject(thinking)) return undefined;
  const budget = thinking["budget_tokens"];
  if (typeof budget !== "number" || budget < cap) return undefined;
  if (cap <= THINKING_TOKENS_MIN) return { key: "thinking", value: { type: "disabled" } };
  return { key: "thinking", value: { ...thinking, budget_tokens: cap - 1 } };
}
