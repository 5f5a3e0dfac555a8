import { join } from "node:path";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { Services } from "../../manage/native/services.ts";
import { openLockSource } from "../../stores/definition-lock.ts";
import { SqliteDefinitionStore } from "../../stores/sqlite/definition-store.ts";
import { readUpstreamEntry } from "../config/read-upstream-entry.ts";
import { OWN_UPSTREAM } from "../own-upstream.ts";
import type { ServiceParts } from "./service-parts.ts";

/** Pins as the data plane keeps them; they are only read here. */
export function openPins(
  { config, vitals, now }: ServiceParts,
  started: AsyncDisposableStack,
): SqliteDefinitionStore {
  const { trust, byUpstream, lockFile } = config.definitions;
  const lock = openLockSource(lockFile, (problem) => vitals.failed(problem));
  return started.use(
    new SqliteDefinitionStore({
      path: join(config.dataDirectory, "definitions.db"),
      now,
      trustOf: (upstream) => byUpstream[upstream] ?? trust,
      lock: () => lock.current(),
      onChange: () => undefined,
      onFault: (cause) => vitals.failed(cause),
    }),
  );
}

export function upstreamServices(
  { config }: ServiceParts,
  identity: IdentityPorts,
  pins: SqliteDefinitionStore,
): Pick<Services, "upstreams"> {
  const all = [...config.upstreams, OWN_UPSTREAM];
  const allowPrivate = config.api.privateUpstreams;
  return {
    upstreams: {
      ...identity,
      configured: new Map(all.map((upstream) => [upstream.name, upstream])),
      read: (entry, tenant) => readUpstreamEntry(entry, tenant, { allowPrivate }),
      definitions: () => pins.list(),
    },
  };
}
