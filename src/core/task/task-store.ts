import type { TenantId, UpstreamName } from "../units.ts";
import type { Task, TaskOwner } from "./task.ts";

/** Of one agent, so that one in a loop does not fill the store. */
export const TASKS_MAX = 200;

export interface TaskQuery {
  readonly owner: TaskOwner;
  readonly upstream: UpstreamName;
  /** Tasks whose id sorts after this one. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** Tasks on whatever disk, until they expire. Everything here rejects where the store is away. */
export interface TaskStore {
  /** Durable when it resolves. False: the agent has as many as it may. */
  open(task: Task): Promise<boolean>;
  find(tenant: TenantId, id: string): Promise<Task | undefined>;
  /** By id, ascending: oldest first. */
  list(query: TaskQuery): Promise<readonly Task[]>;
  /** Takes the place of revision `after.revision - 1`, once. False: somebody was faster. */
  change(after: Task): Promise<boolean>;
}
