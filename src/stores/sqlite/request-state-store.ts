/** Hashes of the states that MCP servers gave out, for all workers of a gateway. */
import { createHash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { CarriedApproval, RequestStateStore } from "../../core/session/request-states.ts";
import { id, type Digest, type Instant, type ReviewId } from "../../core/units.ts";
import { openDatabase } from "./database.ts";

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE request_state (
     state TEXT NOT NULL,
     call TEXT NOT NULL,
     given_at INTEGER NOT NULL,
     PRIMARY KEY (state, call)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX request_state_age ON request_state (given_at);`,
  `ALTER TABLE request_state ADD COLUMN review TEXT;
   ALTER TABLE request_state ADD COLUMN policy TEXT;`,
];

/** Nobody takes longer to answer. */
const FORGOTTEN_AFTER_MS = 86_400_000;
const STATES_MAX = 100_000;
/** Old ones are looked for with one in so many. */
const TIDIED_EVERY = 1_000;

interface Opened {
  readonly database: DatabaseSync;
  readonly give: StatementSync;
  readonly find: StatementSync;
  readonly carried: StatementSync;
  readonly spend: StatementSync;
  readonly forget: StatementSync;
}

/** The file is opened with the first state: most servers ask nothing. */
export class SqliteRequestStates implements RequestStateStore, Disposable {
  readonly #path: string;
  readonly #now: () => Instant;
  #opened: Opened | undefined;
  #given = 0;

  constructor(path: string, now: () => Instant) {
    this.#path = path;
    this.#now = now;
  }

  give(state: string, call: string, approval?: CarriedApproval): void {
    try {
      const { give, forget } = (this.#opened ??= open(this.#path));
      if (this.#given % TIDIED_EVERY === 0) forget.run(this.#now() - FORGOTTEN_AFTER_MS);
      this.#given += 1;
      const { review = null, policy = null } = approval ?? {};
      give.run(hashOf(state), hashOf(call), this.#now(), review, policy);
    } catch {
      // A full or failing disk: its server alone judges who brings it.
    }
  }

  mayBring(state: string, call: string): boolean {
    try {
      const { find } = (this.#opened ??= open(this.#path));
      const found = find.get(hashOf(call), hashOf(state));
      return found?.["calls"] === 0 || Number(found?.["own"]) > 0;
    } catch {
      return false;
    }
  }

  carry(state: string, call: string): CarriedApproval | undefined {
    try {
      const { carried, spend } = (this.#opened ??= open(this.#path));
      const key = [hashOf(state), hashOf(call)] as const;
      const { review, policy } = carried.get(...key) ?? {};
      if (typeof review !== "string" || typeof policy !== "string") return undefined;
      // Whoever is second, in whatever process, has none.
      if (Number(spend.run(...key, review).changes) === 0) return undefined;
      return { review: id<ReviewId>(review), policy: id<Digest>(policy) };
    } catch {
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#opened?.database.close();
  }
}

function open(path: string): Opened {
  const database = openDatabase(path, MIGRATIONS);
  return {
    database,
    give: database.prepare(
      `INSERT INTO request_state (state, call, given_at, review, policy) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET given_at = excluded.given_at, review = excluded.review,
         policy = excluded.policy`,
    ),
    carried: database.prepare(
      "SELECT review, policy FROM request_state WHERE state = ? AND call = ?",
    ),
    spend: database.prepare(
      "UPDATE request_state SET review = NULL WHERE state = ? AND call = ? AND review = ?",
    ),
    find: database.prepare(
      "SELECT count(*) AS calls, total(call = ?) AS own FROM request_state WHERE state = ?",
    ),
    forget: database.prepare(
      `DELETE FROM request_state WHERE given_at < max(?, coalesce(
         (SELECT given_at FROM request_state ORDER BY given_at DESC LIMIT 1 OFFSET ${STATES_MAX}),
         0))`,
    ),
  };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
