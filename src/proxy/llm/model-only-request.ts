import { BARE_FACTS, type RequestFacts, type RequestGrammar } from "./operation.ts";
import { stringMember, type MemberReading } from "./read-member.ts";

/** Requests whose answer has no generated text: embeddings, token counts. Only the model decides. */
export const modelOnlyRequest: RequestGrammar = {
  judged: new Set(["model"]),
  read(body, endpoint) {
    const reading: MemberReading = { body, problem: undefined };
    const model = endpoint.model ?? stringMember(reading, "model");
    const facts: RequestFacts = { ...BARE_FACTS, model };
    const { problem } = reading;
    return problem === undefined ? { kind: "ok", facts } : { kind: "problem", message: problem };
  },
  edits: () => [],
};
