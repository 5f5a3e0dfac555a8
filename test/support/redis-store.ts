import { randomUUID } from "node:crypto";
import { parseRedisAddress, type RedisAddress } from "../../src/stores/redis/redis-address.ts";
import {
  openRedis,
  type RedisClient,
  type RedisHealth,
} from "../../src/stores/redis/redis-client.ts";
import { RedisKeys } from "../../src/stores/redis/redis-keys.ts";

/** Long enough for a busy machine: only tests about time make it shorter. */
const PATIENT_MS = 5000;

export interface ClientOptions {
  readonly timeout?: number;
  readonly ca?: string;
  readonly onChange?: (state: RedisHealth) => void;
}

export async function redisClient(url: string, options: ClientOptions = {}): Promise<RedisClient> {
  const { timeout = PATIENT_MS, ca, onChange = () => undefined } = options;
  return openRedis({ address: redisAddress(url), tls: { ca }, timeout, onChange });
}

export function redisAddress(url: string): RedisAddress {
  const reply = parseRedisAddress(url);
  if (reply.kind === "wrong") throw new Error(`${url}: ${reply.message}`);
  return reply.address;
}

/** Names that nobody else has: tests share a server. */
export function freshKeys(): RedisKeys {
  return new RedisKeys(`test-${randomUUID()}`);
}
