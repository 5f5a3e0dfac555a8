import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  approvalQuestion,
  mayAskToWait,
  withoutApproval,
} from "../../../src/proxy/mcp/approval-question.ts";
import type { RequestQuestion } from "../../../src/proxy/mcp/question.ts";
import { id } from "../../../src/core/units.ts";

const QUESTION: RequestQuestion = { kind: "request", id: 1, method: "tools/call", era: "2026" };
const KEY = "io.modelcontextprotocol/clientCapabilities";
const asks = (params: object, question = QUESTION): boolean =>
  mayAskToWait(question, {
    kind: "request",
    id: 1,
    method: "tools/call",
    params: { name: "x", _meta: { [KEY]: { elicitation: {} } }, ...params },
    json: {},
  } as never);
const refusal = { code: "approval_required", detail: "" } as const;
const asked = approvalQuestion(QUESTION, refusal, id("rev_1"))["result"] as {
  readonly requestState: string;
};
const { requestState } = asked;

describe("asking a client to wait", () => {
  it("is for clients that can ask their user, and once more as long as that user agrees", () => {
    expect(asks({})).toBe(true);
    expect(asks({ _meta: {} })).toBe(false);
    expect(asks({ _meta: { [KEY]: { elicitation: { url: {} } } } })).toBe(false);
    expect(asks({}, { ...QUESTION, era: "2025" })).toBe(false);
    const answer = (action: string) => ({
      requestState,
      inputResponses: { sallyport_approval: { action } },
    });
    expect(asks(answer("accept"))).toBe(true);
    expect(asks(answer("decline"))).toBe(false);
  });

  it("never takes the place of a server's own question", () => {
    expect(asks({ requestState: "the server's" })).toBe(false);
  });

  it("leaves nothing in what is sent, and every other digit as it was", () => {
    const big = "12345678901234567890.10";
    const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","requestState":"${requestState}","arguments":{"n":${big}},"inputResponses":{"sallyport_approval":{"action":"accept"}}}}`;
    const sent = withoutApproval(text, JSON.parse(text));
    expect(sent).toContain(`{"name":"x","arguments":{"n":${big}}}`);
    expect(sent).not.toContain("sallyport");
  });

  it("changes no message that is not ours", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.json().map((one) => JSON.parse(one)),
        ),
        (params) => {
          const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
          expect(withoutApproval(text, JSON.parse(text))).toBe(text);
        },
      ),
    );
  });
});
