/** `ledger.retention_days`: looks once an hour for what is old enough to leave. */
import type { Ledger } from "../../core/ledger/ledger.ts";
import { instant } from "../../core/units.ts";
import { pruneLedger } from "../../operations/records/retention.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../observe/logger.ts";
import { NOBODY_TOLD } from "../observe/store-events.ts";
import { openOrderStore } from "./open-order-store.ts";
import { openConfiguredRedis } from "./open-shared-redis.ts";
import { openRetention, type IndexedCopy } from "./open-retention.ts";
import { now } from "../now.ts";

const DAY_MS = 86_400_000;
const LOOK_MS = 3_600_000;

export interface RetentionKeeper {
  readonly config: Config;
  /** Where removals are recorded; asked for with each look. */
  readonly ledger: () => Promise<Ledger>;
  readonly index: IndexedCopy;
  readonly log: Log;
}

/** The answer ends it. */
export function keepRetention(parts: RetentionKeeper): () => void {
  const days = parts.config.ledger.retentionDays;
  if (days === undefined) return () => undefined;
  const timer = setInterval(() => void look(days, parts), LOOK_MS).unref();
  return () => clearInterval(timer);
}

async function look(days: number, { config, ledger, index, log }: RetentionKeeper): Promise<void> {
  const before = instant(Math.max(0, now() - days * DAY_MS));
  try {
    await using started = new AsyncDisposableStack();
    const redis = await openConfiguredRedis(config, NOBODY_TOLD, started);
    const store = await openOrderStore(config, redis, started);
    using retention = openRetention({ config, ledger: await ledger(), index, store, now });
    const reason = `retention of ${days} days`;
    const pruned = await pruneLedger("sallyport", before, reason, retention.ports);
    if (pruned.kind === "fault")
      log.error({ cause: pruned.fault.detail }, "old records cannot be removed");
  } catch (error) {
    log.error({ cause: String(error) }, "old records cannot be removed");
  }
}
