import { messageOf } from "../../lib/caught.ts";
import { openPool } from "./postgres-pool.ts";

/** Why the server cannot be used as this user; undefined where it can. Nothing is changed. */
export async function tryPostgres(url: string): Promise<string | undefined> {
  const pool = openPool(url);
  try {
    await pool.query("SELECT 1");
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    await pool.end();
  }
}
