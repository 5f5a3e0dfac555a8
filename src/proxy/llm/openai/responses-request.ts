/** @see https://platform.openai.com/docs/api-reference/responses/create */
import type { RequestFacts, RequestGrammar } from "../operation.ts";
import {
  booleanMember,
  countMember,
  stringMember,
  tokensMember,
  type MemberReading,
} from "../read-member.ts";
import type { MemberEdit } from "../../set-members.ts";
import { responsesDemand, STORED_INPUT } from "./openai-demand.ts";

export const responsesRequest: RequestGrammar = {
  judged: new Set([
    "model",
    "stream",
    "max_output_tokens",
    "max_tool_calls",
    "service_tier",
    "input",
    "tools",
    ...STORED_INPUT,
  ]),
  read(body, endpoint) {
    const reading: MemberReading = { body, problem: undefined };
    const facts: RequestFacts = {
      model: endpoint.model ?? stringMember(reading, "model"),
      stream: booleanMember(reading, "stream"),
      outputTokens: tokensMember(reading, "max_output_tokens"),
      zeroIsCap: false,
      choices: 1,
      demand: responsesDemand(body, countMember(reading, "max_tool_calls")),
      wantsUsage: true,
    };
    if (booleanMember(reading, "background")) {
      // Its answer and its bill would come on another connection, or never.
      reading.problem ??= '"background" is not supported, because the answer could not be judged';
    }
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits(_body, _facts, { outputTokens, toolCalls }) {
    const edits: MemberEdit[] = [];
    if (outputTokens !== undefined) edits.push({ key: "max_output_tokens", value: outputTokens });
    if (toolCalls !== undefined) edits.push({ key: "max_tool_calls", value: toolCalls });
    return edits;
  },
};
