import type { DestinationFeeds } from "../../core/destination/feed.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import type { UsageStore } from "../../core/money/usage-report.ts";
import type { Instant } from "../../core/units.ts";
import type { Vitals } from "../../manage/vitals.ts";
import type { LedgerThread } from "../../stores/ledger-thread/ledger-thread.ts";
import type { SharedRedis } from "../ports/open-shared-redis.ts";
import type { Config } from "../config/config.ts";

/** What every group of services is opened from. */
export interface ServiceParts {
  readonly config: Config;
  readonly vitals: Vitals;
  readonly ledger: Ledger;
  /** What replicas share; undefined where everything is on this machine. */
  readonly redis: SharedRedis | undefined;
  readonly ledgerThread: LedgerThread;
  readonly now: () => Instant;
  /** The gate's own sums, where it runs in the same process. */
  readonly usage: UsageStore | undefined;
  /** And its feeds. */
  readonly feeds: (() => DestinationFeeds) | undefined;
  /** See `IdentityPorts.heard`. */
  readonly heard: (() => Promise<void>) | undefined;
}
