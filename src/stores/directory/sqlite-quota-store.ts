/**
 * How much of its plan each key has used, in SQLite: each count is one short step without a wait, on
 * a connection that does not sync. A crash of the process loses nothing; a crash of the machine at
 * most what was counted since the last checkpoint or write of the directory.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { StoreUnreachable } from "../../core/identity/directory-store.ts";
import {
  counted,
  current,
  fullWindow,
  monthOf,
  QUOTA_WINDOWS,
  standingsOf,
  type Quota,
  type QuotaCounts,
  type QuotaReply,
  type QuotaStanding,
  type QuotaStore,
  type QuotaSubject,
} from "../../core/identity/quota.ts";
import { instant, type Instant } from "../../core/units.ts";
import { inTransaction } from "../sqlite/in-transaction.ts";
import { whenFree } from "./when-free.ts";

export class SqliteQuotaStore implements QuotaStore {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #sum: StatementSync;
  readonly #sumOfKey: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#find = database.prepare(
      `SELECT period, since, used FROM directory_quota
       WHERE id = ? AND meter = ? AND period IN ('minute', 'hour', ?)`,
    );
    this.#put = database.prepare(
      `INSERT INTO directory_quota (id, meter, tenant, period, since, used)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id, meter, period) DO UPDATE SET since = excluded.since, used = excluded.used`,
    );
    const sum = `SELECT sum(used) AS used FROM directory_quota
       WHERE tenant = ? AND meter = ? AND period = ?`;
    this.#sum = database.prepare(sum);
    this.#sumOfKey = database.prepare(`${sum} AND id = ?`);
  }

  take(subject: QuotaSubject, quota: Quota, now: Instant): Promise<QuotaReply> {
    return asked(() => inTransaction(this.#database, () => this.#take(subject, quota, now)));
  }

  standings(subject: QuotaSubject, quota: Quota, now: Instant): Promise<readonly QuotaStanding[]> {
    return asked(() => standingsOf(quota, current(this.#countsOf(subject, now), now)));
  }

  usedIn(
    month: string,
    { tenant, meter, key }: Omit<QuotaSubject, "key"> & { readonly key?: string },
  ): Promise<number> {
    return asked(() => {
      const row =
        key === undefined
          ? this.#sum.get(tenant, meter, month)
          : this.#sumOfKey.get(tenant, meter, month, key);
      return Number(row?.["used"] ?? 0);
    });
  }

  #take(subject: QuotaSubject, quota: Quota, now: Instant): QuotaReply {
    const counts = current(this.#countsOf(subject, now), now);
    const before = standingsOf(quota, counts);
    const window = fullWindow(before);
    if (window !== undefined) return { kind: "exhausted", window, standings: before };
    const after = counted(counts);
    const { key, meter, tenant } = subject;
    for (const name of QUOTA_WINDOWS) {
      const period = name === "month" ? monthOf(after.month.since) : name;
      this.#put.run(key, meter, tenant, period, after[name].since, after[name].used);
    }
    return { kind: "taken", standings: standingsOf(quota, after) };
  }

  #countsOf({ key, meter }: QuotaSubject, now: Instant): QuotaCounts {
    const month = monthOf(now);
    const named = this.#find
      .all(key, meter, month)
      .map(({ period, since, used }) => [
        period === month ? "month" : String(period),
        { since: instant(Number(since)), used: Number(used) },
      ]);
    return Object.fromEntries(named);
  }
}

async function asked<T>(work: () => T): Promise<T> {
  try {
    return await whenFree(async () => work());
  } catch (error) {
    throw new StoreUnreachable(error);
  }
}
