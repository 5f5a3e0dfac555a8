/** Tasks on disk: they outlive the process, and all workers see the same ones. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { TASKS_MAX, type TaskQuery, type TaskStore } from "../../core/task/task-store.ts";
import type { Task } from "../../core/task/task.ts";
import type { Instant, TenantId } from "../../core/units.ts";
import { openDatabase } from "./database.ts";

/** `body` is the task as JSON: it is read whole or not at all. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE task (
     id TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     agent TEXT NOT NULL,
     session TEXT NOT NULL,
     upstream TEXT NOT NULL,
     revision INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX task_of ON task (tenant, agent, id);
   CREATE INDEX task_expired ON task (expires_at);`,
];

/** Old ones that one new task takes away on its way. */
const PRUNED_AT_ONCE = 50;

export class SqliteTaskStore implements TaskStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof statementsOf>;
  readonly #now: () => Instant;

  /** Throws where the file cannot be opened. */
  constructor(path: string, now: () => Instant) {
    this.#database = openDatabase(path, MIGRATIONS);
    this.#statements = statementsOf(this.#database);
    this.#now = now;
  }

  async open(task: Task): Promise<boolean> {
    const { id, owner, upstream, revision, expiresAt } = task;
    const { tenant, agent, session } = owner;
    const now = this.#now();
    this.#statements.prune.run(now);
    const body = JSON.stringify(task);
    const row = [id, tenant, agent, session, upstream, revision, expiresAt, body] as const;
    return Number(this.#statements.open.run(...row, now).changes) === 1;
  }

  async find(tenant: TenantId, id: string): Promise<Task | undefined> {
    const row = this.#statements.find.get(id, tenant, this.#now());
    return row && parsed(row["body"]);
  }

  async list({ owner, upstream, after, limit }: TaskQuery): Promise<readonly Task[]> {
    const { tenant, agent, session } = owner;
    const whose = [tenant, agent, session, upstream] as const;
    const rows = this.#statements.list.all(...whose, after ?? "", this.#now(), limit);
    return rows.map((row) => parsed(row["body"]));
  }

  async change(after: Task): Promise<boolean> {
    const { id, revision, expiresAt } = after;
    const body = JSON.stringify(after);
    const { changes } = this.#statements.change.run(revision, expiresAt, body, id, revision - 1);
    return Number(changes) === 1;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function statementsOf(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    prune: prepare(
      `DELETE FROM task WHERE id IN (
         SELECT id FROM task WHERE expires_at <= ? LIMIT ${PRUNED_AT_ONCE})`,
    ),
    open: prepare(
      `INSERT INTO task (id, tenant, agent, session, upstream, revision, expires_at, body)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE (
         SELECT count(*) FROM task WHERE tenant = ?2 AND agent = ?3 AND expires_at > ?9
       ) < ${TASKS_MAX}`,
    ),
    find: prepare("SELECT body FROM task WHERE id = ? AND tenant = ? AND expires_at > ?"),
    list: prepare(
      `SELECT body FROM task
       WHERE tenant = ? AND agent = ? AND session = ? AND upstream = ? AND id > ?
         AND expires_at > ? ORDER BY id LIMIT ?`,
    ),
    change: prepare(
      "UPDATE task SET revision = ?, expires_at = ?, body = ? WHERE id = ? AND revision = ?",
    ),
  };
}

/** Our own row: what `JSON.stringify` left out was undefined, and reads as undefined again. */
function parsed(body: SQLOutputValue | undefined): Task {
  const task: Task = JSON.parse(String(body));
  return task;
}
