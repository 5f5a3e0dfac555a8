/** What counts money and calls: embedded, or in the Redis that replicas share. */
import { join } from "node:path";
import type { BudgetStore } from "../../core/money/budget.ts";
import type { RateStore } from "../../core/money/rate.ts";
import type { Instant } from "../../core/units.ts";
import { impossible } from "../../lib/impossible.ts";
import { createRateStore } from "../../stores/memory/rate-store.ts";
import type { OutageCount, OutagePolicy } from "../../stores/outage/outage-policy.ts";
import type { RedisBudgetStore } from "../../stores/redis/budget-store.ts";
import { SqliteRateStore } from "../../stores/sqlite/rate-store.ts";
import { openBudgetStore } from "../../stores/sqlite/budget-store.ts";
import type { Config } from "../config/config.ts";
import { openSharedRedis, type SharedRedis, type SharedSettings } from "./open-shared-redis.ts";
import type { StoreReport } from "../observe/gateway-report.ts";
import type { StoreEvents } from "../observe/store-events.ts";

export interface Counters extends AsyncDisposable {
  readonly budgets: BudgetStore;
  readonly rates: RateStore;
  report(): StoreReport;
}

export interface CountersOptions {
  readonly config: Config;
  /** Whether several processes of this machine count limits. */
  readonly shared: boolean;
  readonly now: () => Instant;
  readonly events: Pick<StoreEvents, "storeChanged" | "outagePolicy">;
  /** Where the process has it open already. */
  readonly redis?: SharedRedis | undefined;
}

/** Rejects for a Redis that answers and must not be used, and for files that cannot be read. */
export async function openCounters(options: CountersOptions): Promise<Counters> {
  const { config, shared, now } = options;
  const directory = config.dataDirectory;
  if (config.store.kind === "redis") return openShared(config.store, options);
  await using started = new AsyncDisposableStack();
  const budgets = started.use(openBudgetStore(join(directory, "budgets.db"), now));
  // One process counts in memory; several see each other's calls in a file.
  const rates = shared
    ? started.use(new SqliteRateStore(join(directory, "limits.db"), now))
    : createRateStore();
  const owned = started.move();
  const dispose = (): Promise<void> => owned.disposeAsync();
  return {
    budgets,
    rates,
    report: () => ({ ...embedded(budgets.failing), held: budgets.held }),
    [Symbol.asyncDispose]: dispose,
  };
}

function embedded(failing: Error | undefined): Omit<StoreReport, "held"> {
  const reachable = failing === undefined;
  return {
    kind: "embedded",
    reachable,
    detail: reachable ? "embedded" : `budgets.db: ${failing.message}`,
    memoryUsed: undefined,
    unsettled: 0,
    outages: [],
  };
}

async function openShared(settings: SharedSettings, options: CountersOptions): Promise<Counters> {
  const { now, events } = options;
  const { outages } = options.config;
  const { RedisBudgetStore: Budgets } = await import("../../stores/redis/budget-store.ts");
  const { RedisRateStore } = await import("../../stores/redis/rate-store.ts");
  await using started = new AsyncDisposableStack();
  const { client, keys } =
    options.redis ?? started.use(await openSharedRedis(settings, options.events));
  const store = started.use(new Budgets({ client, keys }));
  const budgets = started.use(await withOutages(store, outages.budgets, now));
  const { OutageRates } = await import("../../stores/outage/outage-rates.ts");
  const limits = started.use(new RedisRateStore({ client, keys }));
  const rates = new OutageRates(limits, outages.limits, now);
  for (const [name, policy] of Object.entries(outages)) events.outagePolicy(name, policy, now());
  const owned = started.move();
  return {
    budgets,
    rates,
    report() {
      const { ok, detail, memoryUsed } = client.health;
      return {
        kind: settings.address.kind,
        reachable: ok,
        detail,
        memoryUsed,
        unsettled: store.unsettled,
        held: store.held,
        outages: [
          { dependency: "budgets", policy: outages.budgets, letThrough: budgets.letThrough },
          { dependency: "limits", policy: outages.limits, letThrough: rates.letThrough },
        ],
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function withOutages(
  store: RedisBudgetStore,
  policy: OutagePolicy,
  now: () => Instant,
): Promise<BudgetStore & OutageCount & AsyncDisposable> {
  switch (policy.kind) {
    case "closed":
      return store;
    case "open": {
      const { OpenBudgets } = await import("../../stores/outage/open-budgets.ts");
      return new OpenBudgets(store, policy.until, now);
    }
    case "degrade": {
      const { DegradedBudgets } = await import("../../stores/outage/degraded-budgets.ts");
      return new DegradedBudgets(store, policy.share, now);
    }
    default:
      return impossible(policy);
  }
}
