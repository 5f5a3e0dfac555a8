import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisTaskStore } from "../../src/stores/redis/task-store.ts";
import { SqliteTaskStore } from "../../src/stores/sqlite/task-store.ts";
import { freshKeys, redisClient } from "../support/redis-store.ts";
import { sharedRedis } from "../support/shared-redis.ts";
import { taskStoreSuite } from "../support/task-store-suite.ts";

taskStoreSuite("SqliteTaskStore", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-tasks-"));
  const open: SqliteTaskStore[] = [];
  return {
    open: async (now) => {
      const store = new SqliteTaskStore(join(directory, "tasks.db"), now);
      open.push(store);
      return store;
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of open) store[Symbol.dispose]();
      rmSync(directory, { recursive: true });
    },
  };
});

taskStoreSuite("RedisTaskStore", async () => {
  const url = await sharedRedis();
  const keys = freshKeys();
  await using started = new AsyncDisposableStack();
  const clients = [started.use(await redisClient(url)), started.use(await redisClient(url))];
  const owned = started.move();
  let opened = 0;
  return {
    open: async (now) => {
      const client = clients[opened++ % clients.length];
      if (client === undefined) throw new Error("no replica");
      return new RedisTaskStore({ client, keys, clock: now, now });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
});
