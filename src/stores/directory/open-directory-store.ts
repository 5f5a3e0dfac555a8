/** Loaded with the first use of the management plane: Kysely costs 15 MB and 50 ms. */
import { Kysely } from "kysely";
import { openDatabase } from "../sqlite/database.ts";
import { MIGRATIONS, type DirectoryTables } from "./directory-schema.ts";
import { nodeSqliteDialect } from "../sqlite/kysely-dialect.ts";
import { SqliteKeyCounts } from "./sqlite-key-counts.ts";
import { SqlDirectoryStore, type OpenDirectoryStore } from "./sql-directory-store.ts";

/** Throws the system's error where the file cannot be opened. */
export function openSqliteDirectory(path: string): OpenDirectoryStore {
  const database = openDatabase(path, MIGRATIONS);
  // Revocations must not be lost with the machine: there are few writes, and each is waited for.
  database.exec("PRAGMA synchronous=FULL; PRAGMA busy_timeout=0");
  const dialect = nodeSqliteDialect(database);
  const kysely = new Kysely<DirectoryTables>({ dialect });
  const counts = new SqliteKeyCounts(path);
  return new SqlDirectoryStore({ database: kysely, notifies: false, counts });
}
