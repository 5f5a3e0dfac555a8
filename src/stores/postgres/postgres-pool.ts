/** Connections to PostgreSQL, and the tables that are made there. */
import pg from "pg";

const CONNECTIONS_MAX = 4;
const CONNECT_MS = 5_000;
const STATEMENT_MS = 5_000;

/** A server that answers and must not be used. */
export class PostgresUnfit extends Error {}

/** Tables of one kind, with a version of their own. */
export interface PostgresSchema {
  /** Holds the version. */
  readonly table: string;
  /** Two replicas that start at once migrate one after the other. */
  readonly lock: number;
  /** `migrations[i]` moves the version from i to i+1; they only go forward. */
  readonly migrations: readonly string[];
}

export interface PoolSettings {
  readonly statementMs?: number;
  /** Of each session, as on the server's command line. */
  readonly options?: string;
}

export function openPool(
  url: string,
  { statementMs = STATEMENT_MS, options }: PoolSettings = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: statementMs,
    ...(options !== undefined && { options }),
  });
  // A connection that breaks while idle is replaced with the next query.
  pool.on("error", () => undefined);
  return pool;
}

const NEWER = "the database was written by a newer Sallyport: update this one";

/** Rejects as `migratePostgres` does, and changes nothing. */
export async function mayMigrate(
  pool: pg.Pool,
  { table, migrations }: PostgresSchema,
): Promise<void> {
  const { rows: tables } = await pool.query("SELECT to_regclass($1) AS found", [table]);
  if (tables[0]?.found === null) return;
  const { rows } = await pool.query(`SELECT value FROM ${table}`);
  if (Number(rows[0]?.value ?? 0) > migrations.length) throw new PostgresUnfit(NEWER);
}

/** Rejects where the server cannot be reached, or was migrated by a newer Sallyport. */
export async function migratePostgres(
  pool: pg.Pool,
  { table, lock, migrations }: PostgresSchema,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [lock]);
    await client.query(`CREATE TABLE IF NOT EXISTS ${table} (value INTEGER NOT NULL)`);
    const { rows } = await client.query(`SELECT value FROM ${table}`);
    const version = Number(rows[0]?.value ?? 0);
    if (version > migrations.length) throw new PostgresUnfit(NEWER);
    for (const migration of migrations.slice(version)) await client.query(migration);
    await client.query(`DELETE FROM ${table}`);
    await client.query(`INSERT INTO ${table} (value) VALUES ($1)`, [migrations.length]);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
