/** Tasks that replicas share: any of them answers for a task that another one took. */
import type { TaskQuery, TaskStore } from "../../core/task/task-store.ts";
import type { Task, TaskOwner } from "../../core/task/task.ts";
import type { Instant, TenantId, UpstreamName } from "../../core/units.ts";
import type { RedisStoreOptions } from "./rate-store.ts";
import type { RedisScript } from "./redis-script.ts";
import { CHANGE_TASK, FIND_TASK, LIST_TASKS, OPEN_TASK } from "./task-scripts.ts";

export interface RedisTaskOptions extends RedisStoreOptions {
  readonly now: () => Instant;
}

type Args = readonly (string | number)[];

export class RedisTaskStore implements TaskStore {
  readonly #options: RedisTaskOptions;

  constructor(options: RedisTaskOptions) {
    this.#options = options;
  }

  async open(task: Task): Promise<boolean> {
    const { owner, upstream } = task;
    const whose = [owner.agent, whoseOf(owner, upstream)];
    return (await this.#run(OPEN_TASK, owner.tenant, [...written(task), ...whose])) === 1;
  }

  async find(tenant: TenantId, id: string): Promise<Task | undefined> {
    const body = await this.#run(FIND_TASK, tenant, [id]);
    const task = typeof body === "string" ? parsed(body) : undefined;
    return task !== undefined && task.expiresAt > this.#options.now() ? task : undefined;
  }

  async list({ owner, upstream, after, limit }: TaskQuery): Promise<readonly Task[]> {
    const args = [owner.agent, whoseOf(owner, upstream), after ?? "", limit];
    const reply = await this.#run(LIST_TASKS, owner.tenant, args);
    if (!Array.isArray(reply)) throw new TypeError("Redis answered something else than a list");
    return reply.map((body) => parsed(String(body)));
  }

  async change(after: Task): Promise<boolean> {
    return (await this.#run(CHANGE_TASK, after.owner.tenant, written(after))) === 1;
  }

  #run(script: RedisScript, tenant: TenantId, args: Args): Promise<unknown> {
    const { client, keys, clock } = this.#options;
    const root = keys.tenant(`${tenant}|`);
    return client.run(script, [`${root}tasks`], [clock?.() ?? "", root, ...args]);
  }
}

function written(task: Task): (string | number)[] {
  return [task.id, JSON.stringify(task), task.revision, task.expiresAt];
}

/** Names of upstreams have no space. */
function whoseOf({ session }: TaskOwner, upstream: UpstreamName): string {
  return `${upstream} ${session}`;
}

/** Our own text: what `JSON.stringify` left out was undefined, and reads as undefined again. */
function parsed(body: string): Task {
  const task: Task = JSON.parse(body);
  return task;
}
