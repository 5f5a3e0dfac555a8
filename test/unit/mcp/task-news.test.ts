import { Buffer } from "node:buffer";
import type { Dispatcher } from "undici";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openTask, taskId, type Task, type TaskState } from "../../../src/core/task/task.ts";
import { id, instant, millis } from "../../../src/core/units.ts";
import { BetweenEvents } from "../../../src/proxy/mcp/news/between-events.ts";
import { TaskNews, type TaskListener } from "../../../src/proxy/mcp/tasks/task-news.ts";

describe("words between events", () => {
  const EVENT = "data: {}\n\n";

  function streamOf(type = "text/event-stream") {
    let passed = "";
    const told: string[] = [];
    const handler: Dispatcher.DispatchHandler = {
      onResponseData: (_, chunk) => void (passed += chunk.toString()),
    };
    const voice = { begin: () => void told.push("begin"), end: () => void told.push("end") };
    const stream = new BetweenEvents(handler, voice);
    const controller = { aborted: false } as Dispatcher.DispatchController;
    stream.onResponseStart(controller, 200, { "content-type": type });
    const pass = (text: string): void => stream.onResponseData(controller, Buffer.from(text));
    return {
      stream,
      pass,
      passed: () => passed,
      told,
      end: () => stream.onResponseEnd(controller, {}),
    };
  }

  it("are said at once before the first event and between two", () => {
    const { stream, pass, passed } = streamOf();
    stream.say(Buffer.from("data: a\n\n"));
    pass(EVENT);
    stream.say(Buffer.from("data: b\n\n"));
    pass(EVENT);
    expect(passed()).toBe(`data: a\n\n${EVENT}data: b\n\n${EVENT}`);
  });

  it.each(Array.from({ length: EVENT.length - 1 }, (_, at) => at + 1))(
    "wait for the end of an event that is cut after %i characters",
    (at) => {
      const { stream, pass, passed } = streamOf();
      pass(EVENT.slice(0, at));
      stream.say(Buffer.from("data: a\n\n"));
      stream.say(Buffer.from("data: b\n\n"));
      expect(passed()).toBe(EVENT.slice(0, at));
      pass(EVENT.slice(at));
      expect(passed()).toBe(`${EVENT}data: a\n\ndata: b\n\n`);
    },
  );

  it("are not said where there is no stream, or none any more", () => {
    const json = streamOf("application/json");
    json.stream.say(Buffer.from("data: a\n\n"));
    expect([json.passed(), json.told, json.stream.gone]).toEqual(["", [], true]);
    const over = streamOf();
    over.end();
    over.stream.say(Buffer.from("data: a\n\n"));
    expect([over.passed(), over.told, over.stream.gone]).toEqual(["", ["begin", "end"], true]);
  });
});

describe("news of tasks", () => {
  const owner = { tenant: id<never>("t"), agent: id<never>("a"), session: id<never>("s") };
  const UPSTREAM = id<never>("tools");
  const WAITING: TaskState = { kind: "waiting", review: id("rev_1") };
  const taskOf = (state: TaskState, name = "1"): Task =>
    openTask({
      id: taskId(`sallyport-task_${name}`),
      owner,
      upstream: UPSTREAM,
      call: { params: "{}", headers: [] },
      now: instant(0),
      kept: millis(1_000_000),
      state,
    });
  const listenerOf = (agent = "a") => {
    const told: string[] = [];
    const principal = { ...owner, agent: id(agent) };
    const asker = { principal, upstream: { name: UPSTREAM } } as unknown as ReturnType<
      TaskListener["askerOf"]
    >;
    const state = { gone: false };
    const listener: TaskListener = {
      askerOf: ({ upstream }) => (upstream === UPSTREAM ? asker : undefined),
      get gone() {
        return state.gone;
      },
      wants: () => true,
      tell: (task) => told.push(task.state.kind),
    };
    return { listener, told, leave: () => (state.gone = true) };
  };
  let stands: Task = taskOf(WAITING);
  let looks = 0;
  const newsOf = () => {
    const look = () => ((looks += 1), Promise.resolve(stands));
    return new TaskNews({ now: () => instant(0), look });
  };
  const seconds = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 1000);

  beforeEach(() => {
    vi.useFakeTimers();
    stands = taskOf(WAITING);
    looks = 0;
  });
  afterEach(() => void vi.useRealTimers());

  it("come once for each change, to the task's agent alone, and end with the task", async () => {
    const [news, mine, other] = [newsOf(), listenerOf(), listenerOf("b")];
    for (const { listener } of [mine, other]) news.listen(listener);
    news.note(stands);
    await seconds(3);
    expect(mine.told).toEqual([]);
    stands = taskOf({ kind: "running", review: undefined, until: instant(9) });
    await seconds(3);
    stands = taskOf({ kind: "done", answer: "{}" });
    await seconds(3);
    const looked = looks;
    await seconds(3);
    expect(mine.told).toEqual(["running", "done"]);
    expect(other.told).toEqual([]);
    expect(looks).toBe(looked);
  });

  it("cost no look where nobody listens, or only those who have left", async () => {
    const [news, mine] = [newsOf(), listenerOf()];
    news.note(stands);
    await seconds(5);
    expect(looks).toBe(0);
    news.listen(mine.listener);
    await seconds(2);
    mine.leave();
    await seconds(1);
    const looked = looks;
    await seconds(5);
    expect(looks).toBe(looked);
  });
});
