/** The only importer of ioredis, loaded where a shared store is configured and nowhere else. */
import type { Cluster, ClusterOptions, Redis, RedisOptions } from "ioredis";
import type { RedisAddress } from "./redis-address.ts";

export type RedisConnection = Redis | Cluster;

export interface RedisTls {
  /** PEM of the authority that signed the server's certificate; undefined: the system's. */
  readonly ca: string | undefined;
}

/** Longest time for one TCP and TLS handshake, in milliseconds. */
const CONNECT_TIMEOUT_MS = 1000;
/** A connection that is silent for so long while answers are owed is made anew. */
const SILENCE_MAX_MS = 1000;
const RECONNECT_MIN_MS = 25;
const RECONNECT_MAX_MS = 500;
const SENTINEL_TIMEOUT_MS = 250;
const CLUSTER_REDIRECTIONS_MAX = 4;
const CLUSTER_RETRY_MS = 50;

/**
 * Commands fail at once where there is no connection, and when it breaks: nothing is queued and
 * nothing is sent twice, because whoever waits for a decision does so in milliseconds.
 */
export async function connectRedis(address: RedisAddress, tls: RedisTls): Promise<RedisConnection> {
  const { Cluster: NewCluster, Redis: NewRedis } = await import("ioredis");
  const { kind, nodes } = address;
  if (kind === "cluster") return new NewCluster([...nodes], clusterOptions(address, tls));
  const options = { ...serverOptions(address, tls), enableOfflineQueue: false, retryStrategy };
  if (kind === "single") return new NewRedis({ ...options, ...nodes[0], db: address.database });
  return new NewRedis({
    ...options,
    db: address.database,
    sentinels: [...nodes],
    name: address.primary,
    sentinelRetryStrategy: retryStrategy,
    sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
    failoverDetector: true,
    enableTLSForSentinelMode: address.tls,
  });
}

function serverOptions({ username, password, tls }: RedisAddress, { ca }: RedisTls) {
  return {
    username,
    password,
    tls: tls ? { ca } : undefined,
    connectionName: "sallyport",
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MAX_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // Behind one name the primary may change: a replica that was the primary is left at once.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  } satisfies RedisOptions;
}

function clusterOptions(address: RedisAddress, tls: RedisTls) {
  return {
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    maxRedirections: CLUSTER_REDIRECTIONS_MAX,
    retryDelayOnFailover: CLUSTER_RETRY_MS,
    retryDelayOnClusterDown: CLUSTER_RETRY_MS,
    retryDelayOnTryAgain: CLUSTER_RETRY_MS,
    redisOptions: serverOptions(address, tls),
  } satisfies ClusterOptions;
}

function retryStrategy(times: number): number {
  return Math.min(RECONNECT_MIN_MS * 2 ** Math.min(times - 1, 10), RECONNECT_MAX_MS);
}
