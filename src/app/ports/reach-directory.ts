import { setTimeout as pause } from "node:timers/promises";
import { monotonicMillis } from "../../lib/clock.ts";
import type { PostgresTrouble } from "../../stores/postgres/try-postgres.ts";
import type { StoreEvents } from "../observe/store-events.ts";
import { StoreFault } from "./store-fault.ts";

/** Between two tries, in milliseconds. */
const TRY_EVERY_MS = 500;

/**
 * Resolves when the directory's PostgreSQL answers. A start waits for it, because machines start in
 * any order, and not for ever: whoever started this must hear what is wrong. It does not go on
 * without it, or it would serve whom somebody stopped. Rejects with StoreFault after `wait`
 * milliseconds, and at once where waiting does not help.
 */
export async function reachDirectory(
  url: string,
  wait: number,
  events: Pick<StoreEvents, "directoryAwaited">,
): Promise<void> {
  const { tryPostgres } = await import("../../stores/postgres/try-postgres.ts");
  const until = monotonicMillis() + wait;
  for (let isTold = false; ; isTold = true) {
    const trouble = await tryPostgres(url);
    if (trouble === undefined) return;
    if (!trouble.mayPass || monotonicMillis() >= until) throw directoryFault(url, trouble);
    if (!isTold) events.directoryAwaited(trouble.why, wait);
    await pause(TRY_EVERY_MS);
  }
}

/** What whoever starts a program reads. */
export function directoryFault(url: string, { why }: PostgresTrouble): StoreFault {
  const message = `the directory's PostgreSQL at ${new URL(url).host} cannot be used: ${why}`;
  return new StoreFault(message, DIRECTORY_REMEDY);
}

export const DIRECTORY_REMEDY = "check `directory.url`, its user and password, and the network";
