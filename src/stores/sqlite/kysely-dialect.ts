import { SqliteDialect } from "kysely";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** Queries that are kept compiled: more than the stores have of their own making. */
const PREPARED_MAX = 256;

/** Kysely knows better-sqlite3; `node:sqlite` is near enough to stand in for it. */
export function nodeSqliteDialect(database: DatabaseSync): SqliteDialect {
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = prepared.get(sql);
    if (statement !== undefined) return statement;
    if (prepared.size >= PREPARED_MAX) prepared.clear();
    prepared.set(sql, (statement = database.prepare(sql)));
    return statement;
  };
  return new SqliteDialect({
    database: {
      close: () => database.close(),
      prepare(sql) {
        const statement = prepare(sql);
        return {
          reader: statement.columns().length > 0,
          all: (parameters) => statement.all(...parameters.map(asInput)),
          run: (parameters) => statement.run(...parameters.map(asInput)),
          iterate: (parameters) => statement.iterate(...parameters.map(asInput)),
        };
      },
    },
  });
}

/** The store writes texts, integers and nulls only. */
function asInput(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  throw new TypeError(`SQLite is given a ${typeof value}`);
}
