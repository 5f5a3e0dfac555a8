import type { OutagePolicy } from "../../stores/outage/outage-policy.ts";
import type { RedisAddress } from "../../stores/redis/redis-address.ts";
import { parseRedisAddress } from "../../stores/redis/redis-address.ts";
import type { ConfigFile } from "./config-schema.ts";

/** Where budgets and limits are counted. */
export type StoreSettings =
  | { readonly kind: "embedded" }
  | {
      readonly kind: "redis";
      readonly address: RedisAddress;
      /** Absolute. */
      readonly passwordFile: string | undefined;
      /** Absolute. */
      readonly caFile: string | undefined;
      readonly timeout: number;
      readonly prefix: string;
    };

export interface Outages {
  readonly budgets: OutagePolicy;
  readonly limits: OutagePolicy;
  readonly judge: OutagePolicy;
}

type Complain = (path: string, message: string, suggestion?: string) => void;

/** `inFile` makes a path of the config absolute. */
export function resolveStore(
  { store, redis }: ConfigFile,
  inFile: (path: string, value: string) => string,
  complain: Complain,
): StoreSettings {
  if (store === "embedded") return { kind: "embedded" };
  const parsed = parseRedisAddress(store);
  if (parsed.kind === "wrong") {
    complain("store", parsed.message, parsed.suggestion);
    return { kind: "embedded" };
  }
  const { address } = parsed;
  const given = [address.password, redis.password, redis.password_file];
  if (given.filter((one) => one !== undefined).length > 1) {
    complain("redis.password", "the password is given twice", "keep one of them");
  }
  if (redis.ca_file !== undefined && !address.tls) {
    complain("redis.ca_file", "the connection has no TLS", "write rediss:// in `store`");
  }
  const absolute = (path: string, value: string | undefined) =>
    value === undefined ? undefined : inFile(path, value);
  return {
    kind: "redis",
    address: { ...address, password: address.password ?? redis.password },
    passwordFile: absolute("redis.password_file", redis.password_file),
    caFile: absolute("redis.ca_file", redis.ca_file),
    timeout: redis.timeout_ms,
    prefix: redis.prefix,
  };
}

export function resolveOutages({ outages, store }: ConfigFile, complain: Complain): Outages {
  const of = (name: keyof Outages): OutagePolicy => {
    const { mode, until, share_percent: share } = outages[name];
    const path = `outages.${name}`;
    if (mode !== "closed" && store === "embedded" && name !== "judge") {
      const message = "the embedded store is this machine: there is nothing to be cut off from";
      complain(`${path}.mode`, message, "mode: closed");
    }
    if (mode !== "open" && until !== undefined) {
      complain(`${path}.until`, `only \`open\` ends at a day, not \`${mode}\``, "remove it");
    }
    if (mode === "degrade") return { kind: "degrade", share };
    if (mode === "closed") return { kind: "closed" };
    const end = until === undefined ? Number.NaN : Date.parse(`${until}T00:00:00Z`);
    if (Number.isNaN(end)) {
      const message = "`open` needs the day on which it ends";
      complain(path, message, `until: ${new Date(EXAMPLE).toISOString().slice(0, 10)}`);
    }
    return { kind: "open", until: end };
  };
  return { budgets: of("budgets"), limits: of("limits"), judge: of("judge") };
}

const EXAMPLE = Date.UTC(2026, 11, 24);
