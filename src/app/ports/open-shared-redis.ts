/** The Redis that replicas share: one client for everything in it. */
import { readFileSync } from "node:fs";
import type { RedisClient } from "../../stores/redis/redis-client.ts";
import type { RedisKeys } from "../../stores/redis/redis-keys.ts";
import type { RedisNews } from "../../stores/redis/redis-news.ts";
import { messageOf } from "../../lib/caught.ts";
import type { StoreSettings } from "../config/store-settings.ts";
import type { StoreEvents } from "../observe/store-events.ts";
import { StoreFault } from "./store-fault.ts";

export type SharedSettings = Extract<StoreSettings, { kind: "redis" }>;

export interface SharedRedis extends AsyncDisposable {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
  readonly news: RedisNews;
}

/** Undefined where everything is on this machine. Rejects as `openSharedRedis` does. */
export async function openConfiguredRedis(
  { store }: { readonly store: StoreSettings },
  events: Pick<StoreEvents, "storeChanged">,
  started: AsyncDisposableStack,
): Promise<SharedRedis | undefined> {
  return store.kind === "redis" ? started.use(await openSharedRedis(store, events)) : undefined;
}

const UNFIT_HELP = "change it on the server, or point `store` at another";

/**
 * ioredis is loaded here and nowhere else: it costs 40 ms and 20 MB. Rejects for a Redis that
 * answers and must not be used, and for files that cannot be read.
 */
export async function openSharedRedis(
  { address, passwordFile, caFile, timeout, prefix }: SharedSettings,
  events: Pick<StoreEvents, "storeChanged">,
): Promise<SharedRedis> {
  const { openRedis, RedisUnfit } = await import("../../stores/redis/redis-client.ts");
  const { RedisKeys: Keys } = await import("../../stores/redis/redis-keys.ts");
  const { RedisNews: News } = await import("../../stores/redis/redis-news.ts");
  await using started = new AsyncDisposableStack();
  const password = passwordFile === undefined ? address.password : textOf(passwordFile).trim();
  const tls = { ca: caFile === undefined ? undefined : textOf(caFile) };
  const place = { ...address, password };
  const onChange: StoreEvents["storeChanged"] = (state) => events.storeChanged(state);
  const client = started.use(
    await openRedis({ address: place, tls, timeout, onChange }).catch((error: Error) => {
      throw error instanceof RedisUnfit ? new StoreFault(error.message, UNFIT_HELP) : error;
    }),
  );
  const news = started.use(new News(place, tls));
  const owned = started.move();
  const dispose = (): Promise<void> => owned.disposeAsync();
  return { client, keys: new Keys(prefix), news, [Symbol.asyncDispose]: dispose };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = messageOf(error);
    throw new StoreFault(
      `a file of the store cannot be read: ${reason}`,
      "see `redis:` in the config",
    );
  }
}
