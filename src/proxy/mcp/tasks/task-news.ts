/**
 * How tasks stand, for clients that listen rather than ask: looked at once a second, while there are
 * listeners and tasks that are not over. A look also makes the call that a person has approved.
 */
import { isAsking, isOver, isOwner, type Task } from "../../../core/task/task.ts";
import type { Instant } from "../../../core/units.ts";
import type { Asker } from "./task-desk.ts";

const LOOK_MS = 1_000;
/** Beyond these the oldest are told of by `tasks/get` only. */
const TASKS_MAX = 10_000;

export interface TaskListener {
  /** Who asks in the listener's name; undefined: the task's server is none of its. */
  askerOf(task: Task): Asker | undefined;
  /** Nobody is there any more; not everything that ends says so. */
  readonly gone: boolean;
  wants(task: Task): boolean;
  tell(task: Task): void;
}

export interface NewsPorts {
  readonly now: () => Instant;
  /** As the store has it, and further where it may go on. */
  readonly look: (asker: Asker, task: Task) => Promise<Task>;
}

export class TaskNews {
  readonly #ports: NewsPorts;
  /** Not over, as their listeners last heard of them. */
  readonly #open = new Map<string, Task>();
  readonly #listeners = new Set<TaskListener>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(ports: NewsPorts) {
    this.#ports = ports;
  }

  /** A task was stored, or asked after. */
  note(task: Task): void {
    if (isOver(task) || this.#open.has(task.id)) return;
    this.#open.set(task.id, task);
    if (this.#open.size > TASKS_MAX) this.#open.delete(this.#open.keys().next().value ?? "");
  }

  listen(listener: TaskListener): void {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  leave(listener: TaskListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    for (const listener of this.#listeners) if (listener.gone) this.leave(listener);
    for (const task of this.#open.values()) await this.#tell(task);
    this.#looking = false;
  }

  async #tell(before: Task): Promise<void> {
    if (before.expiresAt <= this.#ports.now()) this.#open.delete(before.id);
    const listeners = [...this.#listeners].filter((listener) => isFor(before, listener));
    const asker = listeners[0]?.askerOf(before);
    if (asker === undefined) return;
    // Where the store is away, they hear of it later.
    const task = await this.#ports.look(asker, before).catch(() => before);
    if (isOver(task)) this.#open.delete(task.id);
    else this.#open.set(task.id, task);
    if (task.state.kind === before.state.kind && isAsking(task) === isAsking(before)) return;
    for (const listener of listeners) listener.tell(task);
  }
}

function isFor(task: Task, listener: TaskListener): boolean {
  const asker = listener.askerOf(task);
  return asker !== undefined && isOwner(task, asker.principal) && listener.wants(task);
}
