/** Whether a Redis server may be trusted with money, by what it says of itself (`INFO`). */
export interface ServerState {
  readonly version: string;
  /** Why it must not be used; undefined if it may. */
  readonly unfit: string | undefined;
  /** Part of `maxmemory` in use; undefined where there is no such limit. */
  readonly memoryUsed: number | undefined;
}

/** Script flags (`allow-oom`) came with it. */
const MAJOR_MIN = 7;
/** Turns of budgets go by this machine's clock: further apart, replicas spend in different turns. */
const SKEW_MAX_MS = 60_000;

/** `now`: milliseconds since the epoch by this machine's clock. */
export function readServerState(info: string, now: number): ServerState {
  const field = (name: string): string =>
    new RegExp(`^${name}:([^\\r\\n]*)`, "m").exec(info)?.[1]?.trim() ?? "";
  const version = field("redis_version");
  const policy = field("maxmemory_policy");
  const limit = Number(field("maxmemory"));
  return {
    version,
    unfit: unfitness(version, policy, field("role")) ?? skewOf(field("server_time_usec"), now),
    memoryUsed: limit > 0 ? Number(field("used_memory")) / limit : undefined,
  };
}

function skewOf(serverMicros: string, now: number): string | undefined {
  if (serverMicros === "") return undefined;
  const seconds = Math.round((Number(serverMicros) / 1000 - now) / 1000);
  if (Math.abs(seconds) * 1000 <= SKEW_MAX_MS) return undefined;
  return `the clocks of Redis and of this machine are ${Math.abs(seconds)} s apart; set them`;
}

function unfitness(version: string, policy: string, role: string): string | undefined {
  if (Number(version.split(".")[0]) < MAJOR_MIN) {
    return `Redis ${version} is too old; run Redis 7 or Valkey`;
  }
  if (policy !== "noeviction") {
    return `Redis may evict budgets (maxmemory-policy ${policy}); set it to noeviction`;
  }
  return role === "slave" ? "this Redis is a read-only replica; name its primary" : undefined;
}
