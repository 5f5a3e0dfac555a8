import { codeOf, messageOf } from "../../lib/caught.ts";
import { DIRECTORY_SCHEMA } from "../directory/directory-schema.ts";
import { mayMigrate, openPool, PostgresUnfit } from "./postgres-pool.ts";

export interface PostgresTrouble {
  /** For a person; never a secret. */
  readonly why: string;
  /** It is not there, not ready or too busy: asking again may help. */
  readonly mayPass: boolean;
}

/** Why its directory cannot be used as this user; undefined where it can. Nothing is changed. */
export async function tryPostgres(url: string): Promise<PostgresTrouble | undefined> {
  const pool = openPool(url);
  try {
    await mayMigrate(pool, DIRECTORY_SCHEMA);
    return undefined;
  } catch (error) {
    return postgresTrouble(error);
  } finally {
    await pool.end();
  }
}

export function postgresTrouble(error: unknown): PostgresTrouble {
  const code = codeOf(error);
  const isAnswer = SQL_STATE.test(code) || error instanceof PostgresUnfit;
  return { why: messageOf(error), mayPass: !isAnswer || PASSING.test(code) };
}

/**
 * No system's error code of five letters has a digit.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SQL_STATE = /^(?=.*\d)[0-9A-Z]{5}$/u;
/** Connection exceptions, insufficient resources, operator intervention (a start, a shutdown). */
const PASSING = /^(?:08|53|57)/u;
