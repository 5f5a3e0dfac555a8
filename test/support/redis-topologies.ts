/** Real sets of Redis servers: a cluster of three, and a primary with a replica and a Sentinel. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { askRedis, redisBinary, startRedis, type RedisServer } from "./redis-server.ts";

const NODES = 3;
const SLOTS = 16_384;
const POLL_MS = 20;
const WAIT_MS = 40_000;
/** A starved server is not down: it would be left for no reason, or not be fit to take over. */
const DOWN_AFTER_MS = 2_000;
/** For one step of a failover; another one is tried after twice as long. */
const FAILOVER_MS = 10_000;

export interface RedisCluster extends AsyncDisposable {
  /** Names one node only: the others are found through it. */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
}

export async function startCluster(): Promise<RedisCluster> {
  await using started = new AsyncDisposableStack();
  const nodes: RedisServer[] = [];
  for (let n = 0; n < NODES; n += 1) {
    const settings =
      "--cluster-enabled yes --cluster-node-timeout 1000 --cluster-require-full-coverage no";
    nodes.push(started.use(await startRedis(...settings.split(" "))));
  }
  const [first] = nodes;
  if (first === undefined) throw new Error("a cluster of no nodes");
  for (const [n, node] of nodes.entries()) {
    const from = Math.floor((SLOTS * n) / NODES);
    const to = Math.floor((SLOTS * (n + 1)) / NODES) - 1;
    await node.ask("CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
    await node.ask("CLUSTER", "MEET", "127.0.0.1", String(first.port));
  }
  for (const node of nodes) {
    await until(async () => {
      const info = await node.ask("CLUSTER", "INFO");
      return info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${NODES}`);
    });
  }
  const owned = started.move();
  const url = `redis+cluster://127.0.0.1:${first.port}`;
  return { url, nodes, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface WatchedRedis extends AsyncDisposable {
  readonly url: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Resolves when the replica has all that the primary has: replication is asynchronous. */
  replicated(): Promise<void>;
}

/** One Sentinel decides alone: enough to see a replica take over. */
export async function startWatched(): Promise<WatchedRedis> {
  await using started = new AsyncDisposableStack();
  const primary = started.use(await startRedis());
  const replica = started.use(await startRedis("--replicaof", `127.0.0.1 ${primary.port}`));
  await until(async () => (await replica.ask("INFO", "replication")).includes("link_status:up"));
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "sallyport-sentinel-"));
  started.defer(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "sentinel.conf");
  writeFileSync(
    file,
    `port ${port}
bind 127.0.0.1
protected-mode no
dir ${directory}
sentinel monitor main 127.0.0.1 ${primary.port} 1
sentinel down-after-milliseconds main ${DOWN_AFTER_MS}
sentinel failover-timeout main ${FAILOVER_MS}
`,
  );
  const sentinel = spawn(redisBinary(), [file, "--sentinel"], { stdio: "ignore" });
  started.defer(async () => {
    const ended = once(sentinel, "exit");
    sentinel.kill("SIGKILL");
    await ended;
  });
  await until(async () => {
    const info = await askRedis(port, ["INFO", "sentinel"]).catch(() => "");
    return info.includes("slaves=1");
  });
  const owned = started.move();
  const url = `redis+sentinel://127.0.0.1:${port}/main`;
  const offset = async (server: RedisServer): Promise<string | undefined> =>
    /(?:master|slave)_repl_offset:(\d+)/.exec(await server.ask("INFO", "replication"))?.[1];
  const replicated = (): Promise<void> =>
    until(async () => (await offset(primary)) === (await offset(replica)));
  return { url, primary, replica, replicated, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + WAIT_MS;
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error("the Redis servers did not find each other");
    await pause(POLL_MS);
  }
}
