/**
 * Carries out on this machine's ledger what was ordered anywhere: holds, releases, erasures. What
 * came while it was away is met at its start, what a crash cut short is gone on with.
 */
import type { Order } from "../../core/identity/access-index.ts";
import { stateOf, type OrderState } from "../../core/ledger/order-book.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import { messageOf } from "../../lib/caught.ts";
import { carryOut } from "../../operations/records/carry-out.ts";
import { hasHoldsToAdopt } from "../../stores/directory/adopt-holds.ts";
import { orderFile, SqliteOrderBook } from "../../stores/sqlite/order-book.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../observe/logger.ts";
import type { CrewPlace } from "../workers/worker-messages.ts";
import { now } from "../now.ts";
import type { OpenLiveDirectory } from "./open-live-directory.ts";
import { openOrderStore } from "./open-order-store.ts";
import type { SharedRedis } from "./open-shared-redis.ts";

export interface OrderParts {
  readonly config: Config;
  readonly live: Pick<OpenLiveDirectory, "orders" | "onChange">;
  readonly redis: SharedRedis | undefined;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly crew: CrewPlace | undefined;
}

/** A store or a disk was away. */
const AGAIN_MS = 30_000;
/** How often a replica says that it is there. */
const SEEN_MS = 3_600_000;

/** One process of a data directory is enough. What is under way is ended with. */
export function keepOrders(parts: OrderParts): AsyncDisposable {
  const { config, live, log, crew } = parts;
  if ((crew?.slot ?? 0) !== 0) return NOTHING_TO_KEEP;
  const isShared = config.directoryUrl !== undefined || parts.redis !== undefined;
  let settled: readonly Order[] | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let saidAt = Number.NEGATIVE_INFINITY;
  let isFailing = false;
  let tried: readonly Order[] | undefined;
  let running: Promise<void> | undefined;

  async function run(orders: readonly Order[]): Promise<void> {
    try {
      await carry(parts);
      saidAt = now();
      if (!statesOf(orders, config).has("left")) settled = orders;
      isFailing = false;
    } catch (error) {
      // Once for each outage: it is tried again and again.
      if (!isFailing) log.error({ cause: messageOf(error) }, "holds and erasures wait");
      isFailing = true;
    }
    running = undefined;
  }

  const look = (): void => {
    const orders = live.orders();
    const mustSay = isShared && now() - saidAt >= SEEN_MS;
    if (running !== undefined || (orders === settled && !mustSay)) return;
    if (orders === tried && now() - triedAt < AGAIN_MS) return;
    tried = orders;
    triedAt = now();
    const states = statesOf(orders, config);
    const mustRun = mustSay || hasHoldsToAdopt(config.dataDirectory);
    if (mustRun || states.has("left") || states.has("held")) running = run(orders);
    else settled = orders;
  };
  live.onChange(look);
  look();
  return {
    async [Symbol.asyncDispose]() {
      const ending = running;
      running = Promise.resolve();
      await ending;
    },
  };
}

const NOTHING_TO_KEEP: AsyncDisposable = { [Symbol.asyncDispose]: async () => undefined };

/** Which states orders are in; what is held is worth a look only when another order came. */
function statesOf(orders: readonly Order[], { dataDirectory }: Config): ReadonlySet<OrderState> {
  if (orders.length === 0) return new Set();
  using book = new SqliteOrderBook(orderFile(dataDirectory), now);
  return new Set(orders.map((order) => stateOf(order, book)));
}

/** Loaded where there is something to do: most processes never need it. */
async function carry({ config, redis, ledger, log }: OrderParts): Promise<void> {
  const { openRetention } = await import("./open-retention.ts");
  const { openSideThread } = await import("./open-ledger-thread.ts");
  await using started = new AsyncDisposableStack();
  const index = started.use(openSideThread(config, log));
  const store = await openOrderStore(config, redis, started);
  const retention = started.use(openRetention({ config, ledger, index, store, now }));
  await carryOut(retention.ports);
}
