/** What every adapter of the task store does, whatever it stands on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  nextTask,
  openTask,
  taskId,
  type Task,
  type TaskOwner,
  type TaskState,
} from "../../src/core/task/task.ts";
import { TASKS_MAX, type TaskQuery, type TaskStore } from "../../src/core/task/task-store.ts";
import { id, instant, millis, type Instant } from "../../src/core/units.ts";

const START = instant(1_800_000_000_000);
const KEPT = millis(60_000);

export interface OpenTaskStores extends AsyncDisposable {
  /** One more process of the same store. */
  open(now: () => Instant): Promise<TaskStore>;
}

export function taskOf(number: number, change: Partial<Task> = {}): Task {
  const name = String(number).padStart(4, "0");
  const task = openTask({
    id: taskId(`sallyport-task_${name}`),
    owner: { tenant: id("default"), agent: id("bot"), session: id("run-1") },
    upstream: id("crm"),
    call: {
      params: `{"name":"delete_user","arguments":{"user":12345678901234567890}}`,
      headers: [],
    },
    now: START,
    kept: KEPT,
    state: { kind: "waiting", review: id("rev_1") },
  });
  return { ...task, ...change };
}

export function taskStoreSuite(name: string, opened: () => Promise<OpenTaskStores>): void {
  describe(name, () => {
    let now = START;
    let stores: OpenTaskStores;
    let store: TaskStore;
    let other: TaskStore;

    beforeAll(async () => {
      stores = await opened();
      [store, other] = [await stores.open(() => now), await stores.open(() => now)];
    });
    afterAll(() => stores[Symbol.asyncDispose]());

    it("gives back what it was given, to every process", async () => {
      const task = taskOf(1);
      expect(await store.open(task)).toBe(true);
      expect(await other.find(task.owner.tenant, task.id)).toEqual(task);
      expect(await other.find(id("another"), task.id)).toBeUndefined();
    });

    it("lets one of many processes that saw the same task change it", async () => {
      const task = taskOf(2);
      await store.open(task);
      const state: TaskState = { kind: "running", review: id("rev_1"), until: instant(START + 5) };
      const taken = nextTask(task, state, START) ?? task;
      const tries = Array.from({ length: 10 }, (_, n) => (n % 2 ? store : other).change(taken));
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
      expect(await store.find(task.owner.tenant, task.id)).toEqual(taken);
    });

    it("lists an owner's tasks with one server in pages, oldest first, and nobody else's", async () => {
      const owner: TaskOwner = { tenant: id("default"), agent: id("lister"), session: id("run-1") };
      const mine = [11, 12, 13].map((number) => taskOf(number, { owner }));
      const foreign = [
        taskOf(14, { owner: { ...owner, session: id("run-2") } }),
        taskOf(15, { owner, upstream: id("web") }),
        taskOf(16, { owner: { ...owner, agent: id("another") } }),
      ];
      for (const task of [...foreign, ...mine]) await store.open(task);
      const query: Omit<TaskQuery, "after"> = { owner, upstream: id("crm"), limit: 2 };
      const first = await other.list({ ...query, after: undefined });
      expect(first).toEqual(mine.slice(0, 2));
      expect(await other.list({ ...query, after: first[1]?.id })).toEqual(mine.slice(2));
    });

    it("takes no more of one agent than it may have, and forgets what has expired", async () => {
      const owner: TaskOwner = { tenant: id("default"), agent: id("busy"), session: id("run-1") };
      const tasks = Array.from({ length: TASKS_MAX }, (_, n) => taskOf(100 + n, { owner }));
      for (const task of tasks) expect(await store.open(task)).toBe(true);
      const late = taskOf(999, { owner, expiresAt: instant(START + 2 * KEPT) });
      expect(await other.open(late)).toBe(false);
      now = instant(START + KEPT);
      expect(await store.find(owner.tenant, tasks[0]?.id ?? "")).toBeUndefined();
      expect(await other.open(late)).toBe(true);
      const query: TaskQuery = { owner, upstream: id("crm"), after: undefined, limit: 10 };
      expect(await store.list(query)).toEqual([late]);
    });
  });
}
