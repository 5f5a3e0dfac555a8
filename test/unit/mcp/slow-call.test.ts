import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { millis, id } from "../../../src/core/units.ts";
import type { Reply } from "../../../src/proxy/reply.ts";
import { SlowCall } from "../../../src/proxy/mcp/tasks/slow-call.ts";
import type { BegunTask } from "../../../src/proxy/mcp/tasks/task-desk.ts";
import { openTask, taskId } from "../../../src/core/task/task.ts";
import { instant } from "../../../src/core/units.ts";
import type { AnswerListener, Asking } from "../../../src/proxy/mcp/era/answer-reader.ts";

const JSON_HEAD = ["content-type", "application/json"];
const EVENTS_HEAD = ["content-type", "text/event-stream"];
const ANSWER = `{"jsonrpc":"2.0","id":1,"result":{"content":[]}}`;

/** What a client got, as one text; it leaves when `leave` is called. */
function clientOf() {
  let got = "";
  let gone = false;
  let headSent = false;
  const leaving: (() => void)[] = [];
  const reply: Reply = {
    bytes: 0,
    broken: false,
    get headSent() {
      return headSent;
    },
    get gone() {
      return gone;
    },
    adorn: () => {},
    head: () => (headSent = true),
    flushHead: () => {},
    write: (chunk) => ((got += Buffer.from(chunk).toString()), true),
    writeLast: (chunk) => (got += `${Buffer.from(chunk).toString()}|end`),
    end: () => (got += "|end"),
    onGone: (listener) => leaving.push(listener),
    destroy: () => (got += "|broken"),
    breakOff: () => (got += "|broken"),
    refuse: ({ body }) => {
      headSent = true;
      got += `${body}|end`;
    },
  };
  const leave = (): void => {
    gone = true;
    for (const listener of leaving) listener();
  };
  return { reply, leave, got: () => got };
}

/** A desk that keeps one task, and says what its run heard. */
function deskOf(isFull = false) {
  const heard: string[] = [];
  const cancelled: string[] = [];
  let aborts = 0;
  const run: AnswerListener & { asking: Asking | undefined } = {
    asking: undefined,
    message: (_, text) => heard.push(text),
    ended: (error) => heard.push(error === undefined ? "ended" : error.message),
  };
  const owner = { tenant: id<never>("t"), agent: id<never>("a"), session: id<never>("s") };
  const task = openTask({
    id: taskId("sallyport-task_1"),
    owner,
    upstream: id("tools"),
    call: { params: "{}", headers: [] },
    now: instant(0),
    kept: millis(1000),
    state: { kind: "running", review: undefined, until: instant(1) },
  });
  const desk = {
    begin: () => Promise.resolve(isFull ? undefined : ({ task, run } as unknown as BegunTask)),
    cancel: (one: { readonly id: string }) => {
      cancelled.push(one.id);
      return Promise.resolve(undefined);
    },
  };
  return {
    desk,
    heard,
    cancelled,
    abort: () => ((aborts += 1), run.asking?.abort()),
    aborts: () => aborts,
  };
}

const CALL = {
  question: { kind: "request", id: 1, method: "tools/call", era: "2026" },
  principal: {} as never,
  upstream: id<never>("tools"),
  call: { params: "{}", headers: [] },
  support: undefined,
  midway: false,
} as const;

function callOf(client: Reply, { desk }: ReturnType<typeof deskOf>): SlowCall {
  return new SlowCall(CALL, client, millis(100), desk as never);
}

const wait = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("a call whose client takes tasks", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("that is answered in time is answered, and no task was ever made", async () => {
    const [client, desk] = [clientOf(), deskOf()];
    const call = callOf(client.reply, desk);
    await wait(99);
    call.head(200, JSON_HEAD);
    call.writeLast(Buffer.from(ANSWER));
    await wait(1000);
    expect(client.got()).toBe(`${ANSWER}|end`);
    expect(desk.heard).toEqual([]);
  });

  it("that takes longer is a task, whose run gets the answer", async () => {
    const [client, desk] = [clientOf(), deskOf()];
    const call = callOf(client.reply, desk);
    await wait(100);
    expect(client.got()).toMatch(/"resultType":"task","taskId":"sallyport-task_1".*\|end$/);
    expect(call.headSent).toBe(false);
    call.head(200, JSON_HEAD);
    call.writeLast(Buffer.from(ANSWER));
    expect(desk.heard).toEqual([ANSWER, "ended"]);
  });

  it("that has begun to report is a task in the same stream, between two events", async () => {
    const [client, desk] = [clientOf(), deskOf()];
    const call = callOf(client.reply, desk);
    call.head(200, EVENTS_HEAD);
    const event = `event: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n`;
    call.write(Buffer.from(event), () => {});
    await wait(100);
    expect(client.got()).toMatch(
      /notifications\/progress"}\n\nevent: message\ndata: .*"task".*\n\n\|end$/,
    );
    call.write(Buffer.from(`event: message\ndata: ${ANSWER}\n\n`), () => {});
    call.end(undefined);
    expect(desk.heard).toEqual([ANSWER, "ended"]);
  });

  it.each([
    ["in the middle of an event", EVENTS_HEAD, "event: message\ndata: {"],
    ["as one document", JSON_HEAD, `{"jsonrpc":`],
  ])("whose answer has begun %s is let come", async (_, head, begun) => {
    const [client, desk] = [clientOf(), deskOf()];
    const call = callOf(client.reply, desk);
    call.head(200, [...head]);
    call.write(Buffer.from(begun), () => {});
    await wait(1000);
    expect(client.got()).toBe(begun);
  });

  it("waits for its answer where no task can be kept", async () => {
    const [client, desk] = [clientOf(), deskOf(true)];
    const call = callOf(client.reply, desk);
    await wait(1000);
    call.head(200, JSON_HEAD);
    call.writeLast(Buffer.from(ANSWER));
    expect(client.got()).toBe(`${ANSWER}|end`);
  });

  it("ends with its client before it is a task, and not after", async () => {
    const [early, late] = [clientOf(), clientOf()];
    const desk = deskOf();
    const ended: string[] = [];
    const [first, second] = [callOf(early.reply, desk), callOf(late.reply, desk)];
    first.onGone(() => ended.push("first"));
    second.onGone(() => ended.push("second"));
    early.leave();
    await wait(100);
    late.leave();
    expect(ended).toEqual(["first"]);
    expect(first.gone).toBe(true);
    expect(second.gone).toBe(false);
    // The task is cancelled.
    desk.abort();
    expect(ended).toEqual(["first", "second"]);
  });

  it("takes the task back if the answer came while it was stored", async () => {
    const [client, desk] = [clientOf(), deskOf()];
    let store: (begun: unknown) => void = () => {};
    const begun = await desk.desk.begin();
    desk.desk.begin = () => new Promise((resolve) => (store = resolve as never));
    const call = callOf(client.reply, desk);
    await wait(100);
    call.head(200, JSON_HEAD);
    call.writeLast(Buffer.from(ANSWER));
    store(begun);
    await wait(0);
    expect(client.got()).toBe(`${ANSWER}|end`);
    expect(desk.cancelled).toEqual(["sallyport-task_1"]);
  });
});
