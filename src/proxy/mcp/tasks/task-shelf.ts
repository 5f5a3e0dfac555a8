/** Tasks as they are stored, and whose they are. */
import type { Principal } from "../../../core/principal.ts";
import { TASKS_MAX, type TaskStore } from "../../../core/task/task-store.ts";
import {
  isOwner,
  nextTask,
  openTask,
  TASK_PREFIX,
  taskId,
  type Task,
  type TaskCall,
  type TaskOwner,
  type TaskState,
} from "../../../core/task/task.ts";
import { millis, type Instant, type UpstreamName } from "../../../core/units.ts";
import type { Upstream } from "../../../core/upstream.ts";
import { newId } from "../../../lib/ids.ts";

/** A call, and who makes it. */
export interface TaskAsking {
  readonly principal: Principal;
  readonly upstream: UpstreamName;
  /** A promise where another machine knows what its client can be asked. Never rejects. */
  readonly call: TaskCall | Promise<TaskCall>;
}

export interface TaskSeeker {
  readonly principal: Principal;
  readonly upstream: Upstream;
}

export interface ShelfPorts {
  readonly store: TaskStore;
  readonly now: () => Instant;
  /** Told of each task that was stored, or asked after. */
  readonly noted: (task: Task) => void;
}

export class TaskShelf {
  readonly #ports: ShelfPorts;

  constructor(ports: ShelfPorts) {
    this.#ports = ports;
  }

  /** Kept for so many ms. Undefined: it cannot be, now. */
  async open(
    { principal, upstream, call: calling }: TaskAsking,
    state: TaskState,
    kept: number,
  ): Promise<Task | undefined> {
    const { now: clock, store, noted } = this.#ports;
    const call = await calling;
    const now = clock();
    const name = taskId(newId(TASK_PREFIX, now));
    const parts = { id: name, owner: principal, upstream, call, now, kept: millis(kept), state };
    const task = openTask(parts);
    const isOpen = await store.open(task).catch(() => false);
    if (!isOpen) return undefined;
    noted(task);
    return task;
  }

  async find({ principal, upstream }: TaskSeeker, name: string): Promise<Task | undefined> {
    const { store, noted } = this.#ports;
    const task = await store.find(principal.tenant, name);
    if (task?.upstream !== upstream.name || !isOwner(task, principal)) return undefined;
    noted(task);
    return task;
  }

  /** Whether it is a task of this gate, whoever owns it: another gate may stand behind this one. */
  async holds({ principal }: TaskSeeker, name: string): Promise<boolean> {
    return (await this.#ports.store.find(principal.tenant, name)) !== undefined;
  }

  list(owner: TaskOwner, upstream: UpstreamName): Promise<readonly Task[]> {
    return this.#ports.store.list({ owner, upstream, after: undefined, limit: TASKS_MAX });
  }

  /** Undefined: somebody was faster, or it is over. */
  async change(task: Task, state: TaskState): Promise<Task | undefined> {
    const { store, now } = this.#ports;
    const after = nextTask(task, state, now());
    return after !== undefined && (await store.change(after)) ? after : undefined;
  }
}
