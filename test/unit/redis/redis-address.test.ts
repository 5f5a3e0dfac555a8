import fc from "fast-check";
import { expect, it } from "vitest";
import { parseRedisAddress } from "../../../src/stores/redis/redis-address.ts";
import { RedisKeys } from "../../../src/stores/redis/redis-keys.ts";
import { readServerState } from "../../../src/stores/redis/server-fitness.ts";

const addressOf = (text: string) => {
  const reply = parseRedisAddress(text);
  return reply.kind === "address" ? reply.address : reply;
};

it("reads one server, Sentinels and a cluster", () => {
  expect(addressOf("redis://a:7000/3")).toMatchObject({
    kind: "single",
    nodes: [{ host: "a", port: 7000 }],
    database: 3,
  });
  expect(addressOf("rediss+sentinel://u:p%40w@a,b:1/main/2")).toEqual({
    kind: "sentinel",
    tls: true,
    nodes: [
      { host: "a", port: 26_379 },
      { host: "b", port: 1 },
    ],
    username: "u",
    password: "p@w",
    primary: "main",
    database: 2,
  });
  expect(addressOf("redis+cluster://[::1]:7001,10.0.0.2")).toMatchObject({
    kind: "cluster",
    nodes: [
      { host: "::1", port: 7001 },
      { host: "10.0.0.2", port: 6379 },
    ],
  });
});

it("never throws, whatever is written", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseRedisAddress(text);
      parseRedisAddress(`redis://${text}`);
      parseRedisAddress(`redis+sentinel://${text}`);
    }),
  );
});

it("gives every tenant one hash tag, whatever its name, and no two the same", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      const keys = new RedisKeys("p");
      const tag = (tenant: string) => /\{([^}]*)\}/.exec(keys.tenant(`${tenant}|x`))?.[1];
      const name = one.replaceAll("|", "");
      const second = other.replaceAll("|", "");
      expect(tag(name)).not.toBe("");
      expect(tag(name)).toBeDefined();
      if (name !== second && ![name, second].includes("-")) {
        expect(keys.tenant(`${name}|x`) === keys.tenant(`${second}|x`)).toBe(false);
      }
    }),
  );
});

const NOW = 1_780_000_000_000;
const INFO =
  "redis_version:7.0.15\r\nrole:master\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n";

it.each([
  ["fit", INFO, undefined],
  ["too old", INFO.replace("7.0.15", "6.2.1"), "too old"],
  ["evicting", INFO.replace("noeviction", "volatile-ttl"), "maxmemory-policy volatile-ttl"],
  ["a replica", INFO.replace("master", "slave"), "read-only replica"],
  ["silent", "", "too old"],
  ["ahead by an hour", `${INFO}server_time_usec:${(NOW + 3_600_000) * 1000}\r\n`, "3600 s apart"],
  ["behind by two minutes", `${INFO}server_time_usec:${(NOW - 120_000) * 1000}\r\n`, "120 s apart"],
  ["a second off", `${INFO}server_time_usec:${(NOW - 1000) * 1000}\r\n`, undefined],
])("finds a server %s", (_, info, unfit) => {
  const state = readServerState(info, NOW);
  if (unfit === undefined) expect(state.unfit).toBeUndefined();
  else expect(state.unfit).toContain(unfit);
});

it("knows how full a server is, where it has a limit", () => {
  expect(readServerState(INFO, NOW).memoryUsed).toBeUndefined();
  const limited = INFO.replace("maxmemory:0", "maxmemory:200\r\nused_memory:50");
  expect(readServerState(limited, NOW).memoryUsed).toBe(0.25);
});
