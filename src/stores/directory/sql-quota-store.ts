/** How much of its plan each key has used, in the directory's database: exact among replicas. */
import type { Kysely, Transaction } from "kysely";
import { StoreUnreachable } from "../../core/identity/directory-store.ts";
import {
  counted,
  current,
  fullWindow,
  monthOf,
  standingsOf,
  type Quota,
  type QuotaCounts,
  type QuotaReply,
  type QuotaStanding,
  type QuotaStore,
  type QuotaSubject,
} from "../../core/identity/quota.ts";
import { instant, type Instant } from "../../core/units.ts";
import type { DirectoryTables } from "./directory-schema.ts";
import { whenFree } from "./when-free.ts";

export class SqlQuotaStore implements QuotaStore {
  readonly #database: Kysely<DirectoryTables>;

  constructor(database: Kysely<DirectoryTables>) {
    this.#database = database;
  }

  take(subject: QuotaSubject, quota: Quota, now: Instant): Promise<QuotaReply> {
    return this.#ask(() =>
      this.#database.transaction().execute(async (transaction) => {
        await lock(transaction, subject, now);
        const counts = current(await countsOf(transaction, subject, now), now);
        const before = standingsOf(quota, counts);
        const window = fullWindow(before);
        if (window !== undefined) return { kind: "exhausted", window, standings: before };
        const after = counted(counts);
        await write(transaction, subject, after);
        return { kind: "taken", standings: standingsOf(quota, after) };
      }),
    );
  }

  standings(subject: QuotaSubject, quota: Quota, now: Instant): Promise<readonly QuotaStanding[]> {
    return this.#ask(async () =>
      standingsOf(quota, current(await countsOf(this.#database, subject, now), now)),
    );
  }

  usedIn(
    month: string,
    { tenant, meter, key }: Omit<QuotaSubject, "key"> & { readonly key?: string },
  ): Promise<number> {
    return this.#ask(async () => {
      let query = this.#database
        .selectFrom("directory_quota")
        .select((of) => of.fn.sum<number>("used").as("used"))
        .where("tenant", "=", tenant)
        .where("meter", "=", meter)
        .where("period", "=", month);
      if (key !== undefined) query = query.where("id", "=", key);
      const row = await query.executeTakeFirst();
      return Number(row?.used ?? 0);
    });
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await whenFree(work);
    } catch (error) {
      throw new StoreUnreachable(error);
    }
  }
}

/** A write that changes nothing: until the end of the transaction nobody else counts for this key. */
async function lock(
  transaction: Transaction<DirectoryTables>,
  { tenant, key, meter }: QuotaSubject,
  now: Instant,
): Promise<void> {
  await transaction
    .insertInto("directory_quota")
    .values({ id: key, meter, tenant, period: "minute", since: now, used: 0 })
    .onConflict((conflict) =>
      conflict
        .columns(["id", "meter", "period"])
        .doUpdateSet({ used: (of) => of.ref("directory_quota.used") }),
    )
    .execute();
}

async function countsOf(
  database: Kysely<DirectoryTables>,
  { key, meter }: QuotaSubject,
  now: Instant,
): Promise<QuotaCounts> {
  const month = monthOf(now);
  const rows = await database
    .selectFrom("directory_quota")
    .select(["period", "since", "used"])
    .where("id", "=", key)
    .where("meter", "=", meter)
    .where("period", "in", ["minute", "hour", month])
    .execute();
  const named = rows.map(({ period, since, used }) => [
    period === month ? "month" : period,
    { since: instant(Number(since)), used: Number(used) },
  ]);
  return Object.fromEntries(named);
}

async function write(
  transaction: Transaction<DirectoryTables>,
  { tenant, key: id, meter }: QuotaSubject,
  { minute, hour, month }: Required<QuotaCounts>,
): Promise<void> {
  const row = { id, meter, tenant };
  await transaction
    .insertInto("directory_quota")
    .values([
      { ...row, period: "minute", ...minute },
      { ...row, period: "hour", ...hour },
      { ...row, period: monthOf(month.since), ...month },
    ])
    .onConflict((conflict) =>
      conflict.columns(["id", "meter", "period"]).doUpdateSet({
        since: (of) => of.ref("excluded.since"),
        used: (of) => of.ref("excluded.used"),
      }),
    )
    .execute();
}
