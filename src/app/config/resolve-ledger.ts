/** The `ledger:` key as the program uses it. */
import { join } from "node:path";
import { RECORD_KINDS, type RecordKind } from "../../core/ledger/ledger-index.ts";
import { millis } from "../../core/units.ts";
import { closest } from "../../lib/closest.ts";
import type { SinkAddress, SinkPlan } from "../../stores/ledger-sinks/sink-plan.ts";
import type { HeadTarget } from "../../stores/ledger/send-heads.ts";
import { parseRedisAddress, type RedisAddress } from "../../stores/redis/redis-address.ts";
import type { ConfigFile } from "./config-schema.ts";
import type { LedgerConfig } from "./config.ts";

/** In the data directory, where no other key was given. */
export const SIGNING_KEY_FILE = "ledger-signing-key.pem";

type SinkEntry = ConfigFile["ledger"]["sinks"][number];

interface Check {
  /** `key` is where the value stands; the answer is absolute. */
  path(key: string, value: string): string;
  complain(path: string, message: string, suggestion?: string): undefined;
}

export function resolveLedger({ ledger, data_dir: home }: ConfigFile, check: Check): LedgerConfig {
  const key = ledger.signing_key_file;
  return {
    signingKeyFile:
      key === undefined
        ? join(check.path("data_dir", home), SIGNING_KEY_FILE)
        : check.path("ledger.signing_key_file", key),
    retentionDays: ledger.retention_days,
    headsEvery: millis(ledger.head_interval_ms),
    headsTo: ledger.heads_to.flatMap((target, index) => {
      return headTarget(target, `ledger.heads_to[${index}]`, check) ?? [];
    }),
    sinks: ledger.sinks.flatMap((entry, index) => {
      return sinkPlan(entry, `ledger.sinks[${index}]`, check) ?? [];
    }),
  };
}

function headTarget(target: string, at: string, check: Check): HeadTarget | undefined {
  if (/^https?:\/\//u.test(target)) return { kind: "http", url: target };
  if (!/^rediss?[:+]/u.test(target)) return { kind: "file", path: check.path(at, target) };
  const address = redisAddress(target, at, check);
  return address && { kind: "redis", address };
}

function sinkPlan(entry: SinkEntry, at: string, check: Check): SinkPlan | undefined {
  const { name, format, kinds } = entry;
  const known = kinds.flatMap((kind, index) => {
    return recordKind(kind, `${at}.kinds[${index}]`, check) ?? [];
  });
  const target = sinkAddress(entry, at, check);
  return target && { name, target, format, kinds: known };
}

function recordKind(text: string, at: string, check: Check): RecordKind | undefined {
  const kind = RECORD_KINDS.find((one) => one === text);
  return kind ?? check.complain(at, `no record is a ${text}`, closest(text, RECORD_KINDS));
}

function sinkAddress(entry: SinkEntry, at: string, check: Check): SinkAddress | undefined {
  const { to, stream, token_file: file } = entry;
  const tokenFile = file === undefined ? undefined : check.path(`${at}.token_file`, file);
  if (/:\/\/[^@/]*:[^@/]+@/u.test(to)) {
    return check.complain(`${at}.to`, "a password does not belong in a file", "use token_file");
  }
  const [, scheme = to] = /^([a-z+]+):\/\//u.exec(to) ?? [];
  switch (scheme) {
    case "stdout":
      return { kind: "stdout" };
    case "http":
    case "https":
      return { kind: "webhook", url: to, tokenFile };
    case "otlp+http":
    case "otlp+https":
      return { kind: "otlp", url: to.slice("otlp+".length), tokenFile };
    case "postgres":
    case "postgresql":
      return { kind: "postgres", url: to, tokenFile };
    default: {
      if (!/^rediss?(\+|$)/u.test(scheme)) {
        return check.complain(`${at}.to`, "nothing is known to be there", WAYS);
      }
      const address = redisAddress(to, `${at}.to`, check);
      return address && { kind: "redis", address, stream, tokenFile };
    }
  }
}

const WAYS = "stdout, https://…, otlp+https://…, redis://… or postgres://…";

function redisAddress(text: string, at: string, check: Check): RedisAddress | undefined {
  const parsed = parseRedisAddress(text);
  if (parsed.kind === "address") return parsed.address;
  return check.complain(at, parsed.message, parsed.suggestion);
}
