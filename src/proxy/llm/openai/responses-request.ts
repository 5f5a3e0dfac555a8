/** @see https://platform.openai.com/docs/api-reference/responses/create */
import type { RequestFacts, RequestGrammar } from "../operation.ts";
import { booleanMember, stringMember, tokensMember, type MemberReading } from "../read-member.ts";

/** Members that pull in text which is not in the body. */
const STORED = ["previous_response_id", "conversation", "prompt"] as const;

export const responsesRequest: RequestGrammar = {
  judged: new Set(["model", "stream", "max_output_tokens", "input", "tools", ...STORED]),
  read(body, endpoint) {
    const reading: MemberReading = { body, problem: undefined };
    const facts: RequestFacts = {
      model: endpoint.model ?? stringMember(reading, "model"),
      stream: booleanMember(reading, "stream"),
      outputTokens: tokensMember(reading, "max_output_tokens"),
      choices: 1,
      storedInput: STORED.some((key) => body[key] !== undefined && body[key] !== null),
      wantsUsage: true,
    };
    if (booleanMember(reading, "background")) {
      // Its answer and its bill would come on another connection, or never.
      reading.problem ??= '"background" is not supported, because the answer could not be judged';
    }
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits: (_body, _facts, cap) =>
    cap === undefined ? [] : [{ key: "max_output_tokens", value: cap.tokens }],
};
