import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  openQuestions,
  stateAfter,
  withAnswers,
} from "../../../src/proxy/mcp/tasks/state-after.ts";
import { madeCall, storedCall } from "../../../src/proxy/mcp/tasks/stored-call.ts";
import { OWN_SERVER } from "../../../src/core/own-server.ts";
import { id, type UpstreamName } from "../../../src/core/units.ts";

const TOOLS = id<UpstreamName>("tools");
const answerOf = (result: object): string => JSON.stringify({ jsonrpc: "2.0", id: 0, result });
const asking = (questions: readonly string[]) => {
  const inputRequests = Object.fromEntries(
    questions.map((key) => [key, { method: "elicitation/create" }]),
  );
  const state = stateAfter(
    answerOf({ resultType: "input_required", inputRequests, requestState: "s" }),
    TOOLS,
  );
  if (state.kind !== "asking") throw new Error(`it is ${state.kind}`);
  return state;
};

describe("a task by its answer", () => {
  it("is over with a result or an error", () => {
    const done = answerOf({ resultType: "complete", content: [] });
    expect(stateAfter(done, TOOLS)).toEqual({ kind: "done", answer: done });
    const error = `{"jsonrpc":"2.0","id":0,"error":{"code":-32603,"message":"no"}}`;
    expect(stateAfter(error, TOOLS)).toEqual({ kind: "done", answer: error });
  });

  it("waits for a person once more where policy has changed", () => {
    const denial = { code: "approval_required", review: "rev_2" };
    const answer = answerOf({
      content: [],
      isError: true,
      _meta: { "io.sallyport/denial": denial },
    });
    expect(stateAfter(answer, TOOLS)).toMatchObject({ kind: "waiting", review: "rev_2" });
  });
});

describe("an approval asked for ahead of a call", () => {
  const answer = answerOf({ structuredContent: { status: "pending", review: "rev_3" } });

  it("waits for its person where Sallyport itself says so, and nowhere else", () => {
    expect(stateAfter(answer, OWN_SERVER)).toEqual({ kind: "waiting", review: "rev_3" });
    expect(stateAfter(answer, TOOLS)).toEqual({ kind: "done", answer });
  });
});

describe("questions to a task's client", () => {
  const keys = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "__proto__", "constructor"), {
    minLength: 1,
  });

  it("are open until each is answered, in whatever order and company, and the first answer counts", () => {
    fc.assert(
      fc.property(
        keys,
        fc.array(fc.array(fc.constantFrom("a", "b", "c", "d", "x", "y"))),
        (asked, rounds) => {
          let state = asking(asked);
          const first = new Map<string, number>();
          rounds.forEach((round, number) => {
            state = withAnswers(state, Object.fromEntries(round.map((key) => [key, { number }])));
            for (const key of round) {
              if (Object.keys(state.questions).includes(key) && !first.has(key))
                first.set(key, number);
            }
          });
          const open = Object.keys(state.questions).filter((key) => !first.has(key));
          expect(Object.keys(openQuestions(state))).toEqual(open);
          for (const [key, number] of first) expect(state.answers[key]).toEqual({ number });
          expect(Object.keys(state.answers)).toHaveLength(first.size);
        },
      ),
    );
  });
});

describe("a stored call", () => {
  const principal = {
    agent: id<never>("bot"),
    tenant: id<never>("default"),
    session: id<never>("s"),
    team: undefined,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "loopback" as const,
  };
  const params = {
    name: "pay",
    arguments: {},
    requestState: "old",
    inputResponses: { old: 1 },
    _meta: {
      progressToken: 7,
      "io.modelcontextprotocol/clientCapabilities": {
        elicitation: {},
        extensions: { "io.modelcontextprotocol/tasks": {} },
      },
    },
  };
  const text = JSON.stringify({ jsonrpc: "2.0", id: 9, method: "tools/call", params }).replace(
    `"arguments":{}`,
    `"arguments":{"amount":12345678901234567890.10}`,
  );

  it("keeps every digit, forgets the moment, and is made with the answers of its round", () => {
    const call = storedCall(text, { "mcp-param-region": "eu", other: "x" }, params);
    expect(call.headers).toEqual(["mcp-param-region", "eu"]);
    const { sent, headers } = madeCall(call, principal, {
      ...asking(["q"]),
      answers: { q: { action: "accept" } },
    });
    expect(sent?.text).toContain(`"amount":12345678901234567890.10`);
    const made = JSON.parse(sent?.text ?? "");
    expect(made.params).toMatchObject({
      name: "pay",
      inputResponses: { q: { action: "accept" } },
      requestState: "s",
    });
    expect(made.params._meta).toMatchObject({
      "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
    });
    expect(JSON.stringify(made)).not.toMatch(/progressToken|extensions|"old"/);
    expect(headers).toContain("mcp-param-region");
  });
});
