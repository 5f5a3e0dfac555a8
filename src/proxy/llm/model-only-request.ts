import type { RequestFacts, RequestGrammar } from "./operation.ts";
import { stringMember, type MemberReading } from "./read-member.ts";

/** Requests whose answer has no generated text: embeddings, token counts. Only the model decides. */
export const modelOnlyRequest: RequestGrammar = {
  judged: new Set(["model"]),
  read(body, endpoint) {
    const reading: MemberReading = { body, problem: undefined };
    const facts: RequestFacts = {
      model: endpoint.model ?? stringMember(reading, "model"),
      stream: false,
      outputTokens: undefined,
      choices: 1,
      storedInput: false,
      wantsUsage: true,
    };
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits: () => [],
};
