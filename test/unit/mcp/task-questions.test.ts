import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  openQuestions,
  stateAfter,
  withAnswers,
} from "../../../src/proxy/mcp/tasks/state-after.ts";
import { madeCall, storedCall } from "../../../src/proxy/mcp/tasks/stored-call.ts";
import { OWN_SERVER } from "../../../src/core/own-server.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { isAsking, openTask, taskId, type TaskState } from "../../../src/core/task/task.ts";
import { id, instant, millis, type UpstreamName } from "../../../src/core/units.ts";
import type { RpcResponse } from "../../../src/proxy/mcp/rpc-message.ts";
import {
  askedMore,
  heard,
  questionsOf,
  questionText,
  RELATED_TASK_KEY,
  taskQuestionOf,
} from "../../../src/proxy/mcp/tasks/task-question.ts";

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

describe("questions on the stream of a task's result", () => {
  const running = (asked: JsonObject): TaskState => ({
    kind: "running",
    review: undefined,
    until: instant(1),
    asked,
  });
  const taskIn = (state: TaskState) =>
    openTask({
      id: taskId("sallyport-task_1"),
      owner: { tenant: id<never>("t"), agent: id<never>("a"), session: id<never>("s") },
      upstream: TOOLS,
      call: { params: "{}", headers: [] },
      now: instant(0),
      kept: millis(1),
      state,
    });
  const answer = (result: JsonObject | undefined): RpcResponse => {
    const error = result === undefined ? { code: -1, message: "no" } : undefined;
    return { kind: "response", id: "x", result, error, json: {} };
  };
  const elicit = { method: "elicitation/create", params: { message: "Who?" } };

  it("have ids that lead back to task and question, whatever a server calls it", () => {
    fc.assert(
      fc.property(fc.string(), (key) => {
        fc.pre(key !== "__proto__");
        const task = taskIn({
          kind: "asking",
          round: "r",
          questions: { [key]: elicit },
          answers: {},
          state: undefined,
        });
        const [[name, question] = ["", {}]] = questionsOf(task);
        const text = questionText(task, name, question) ?? "{}";
        const { id: asked, params } = JSON.parse(text);
        expect(params._meta[RELATED_TASK_KEY]).toEqual({ taskId: task.id });
        expect(taskQuestionOf(asked)).toEqual({ task: task.id, question: name });
        const said = { action: "decline" };
        expect(heard(task, name, answer(said))).toEqual({
          kind: "answer",
          responses: { [key]: said },
        });
      }),
    );
  });

  it("are told by their own ids to a server that waits, and are open no more", () => {
    const task = taskIn(running({ "number-7": { id: 7, ...elicit } }));
    expect(isAsking(task)).toBe(true);
    const said = heard(task, "number-7", answer({ action: "accept" }));
    expect(said).toEqual({ kind: "tell", state: running({}), id: 7 });
    expect(isAsking(taskIn(running({})))).toBe(false);
    expect(heard(task, "string-7", answer({}))).toBeUndefined();
  });

  it("of an earlier round are answered no more", () => {
    const first = taskIn(asking(["who"]));
    const [name = ""] = questionsOf(first).keys();
    expect(heard(first, name, answer({}))).toBeDefined();
    expect(heard(taskIn(asking(["who"])), name, answer({}))).toBeUndefined();
  });

  it("that a client does not answer are cancelled where a user was asked, and else end the task", () => {
    const ask = (method: string) =>
      taskIn({
        kind: "asking",
        round: "r",
        questions: { q: { method } },
        answers: {},
        state: undefined,
      });
    expect(heard(ask("elicitation/create"), "r.q", answer(undefined))).toEqual({
      kind: "answer",
      responses: { q: { action: "cancel" } },
    });
    expect(heard(ask("sampling/createMessage"), "r.q", answer(undefined))).toMatchObject({
      kind: "end",
      state: { kind: "done" },
    });
  });

  it("are kept up to a number and a size", () => {
    let state = running({});
    const put = (asked: number, text: string) => {
      const params = { message: text };
      const method = "elicitation/create";
      if (state.kind !== "running") throw new Error("it is over");
      state = askedMore(state, { kind: "request", id: asked, method, params, json: {} });
    };
    put(0, "x".repeat(300_000));
    expect(questionsOf(taskIn(state)).size).toBe(0);
    for (let asked = 0; asked < 40; asked += 1) put(asked, "?");
    expect(questionsOf(taskIn(state)).size).toBe(16);
  });

  it("are of other things where the id is no task's", () => {
    for (const asked of [1, "ask-1", "sallyport-task_1", undefined]) {
      expect(taskQuestionOf(asked)).toBeUndefined();
    }
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
    const call = storedCall(
      text,
      { "mcp-param-region": "eu", other: "x" },
      params._meta["io.modelcontextprotocol/clientCapabilities"],
    );
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
