import { expect, it } from "vitest";
import type { TaskStore } from "../../../src/core/task/task-store.ts";
import { openTask, taskId, type Task } from "../../../src/core/task/task.ts";
import { id, instant, millis } from "../../../src/core/units.ts";
import {
  TaskDesk,
  type Asker,
  type TaskDeskPorts,
} from "../../../src/proxy/mcp/tasks/task-desk.ts";
import { refusalOfFailure, TasksUnavailable } from "../../../src/proxy/upstream-failure.ts";

const owner = { tenant: id<never>("t"), agent: id<never>("a"), session: id<never>("s") };
const NAME = id<never>("tools");
const asker = { principal: owner, upstream: { name: NAME } } as unknown as Asker;

function taskIn(state: Task["state"]): Task {
  const call = { params: "{}", headers: [] };
  const times = { now: instant(0), kept: millis(1_000_000) };
  return openTask({ id: taskId("sallyport-task_1"), owner, upstream: NAME, call, ...times, state });
}

const RUNNING = taskIn({ kind: "running", review: undefined, until: instant(60_000) });

/** At a store that answers `finds` times what is given, in order; an error is thrown. */
function deskOver(finds: readonly (Task | Error)[]): TaskDesk {
  let n = 0;
  const store: Partial<TaskStore> = {
    async find() {
      const found = finds[Math.min(n, finds.length - 1)];
      n += 1;
      if (found instanceof Error) throw found;
      return found;
    },
  };
  return new TaskDesk({ store, now: () => instant(n) } as unknown as TaskDeskPorts);
}

function waitOf(max: number) {
  return { max, gone: new AbortController().signal, told: () => false };
}

const SLOW = new Error("Redis did not answer within 50 ms");

it("a store that is slow for a moment does not end the wait for a task", async () => {
  const done = taskIn({ kind: "done", answer: "{}" });
  const settled = await deskOver([SLOW, SLOW, done]).settled(asker, RUNNING, waitOf(1_000));
  expect(settled.state).toEqual(done.state);
});

it("a store that stays away ends it when its time is over", async () => {
  await expect(deskOver([SLOW]).settled(asker, RUNNING, waitOf(2))).rejects.toBe(SLOW);
});

it("what the store of tasks does not answer is not called a failure of the upstream", () => {
  expect(refusalOfFailure(new TasksUnavailable(SLOW), "tools")).toMatchObject({
    code: "limit_unavailable",
    detail: "The store of tasks does not answer.",
  });
});
