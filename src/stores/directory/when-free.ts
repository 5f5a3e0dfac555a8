import { setTimeout as pause } from "node:timers/promises";
import { monotonicMillis } from "../../lib/clock.ts";
import { isBusy } from "../sqlite/is-busy.ts";

const BUSY_MS = 2_000;
const BUSY_PAUSE_MS = 5;

/** Waits for another process's write outside the event loop: SQLite itself would block it. */
export async function whenFree<T>(work: () => Promise<T>): Promise<T> {
  const deadline = monotonicMillis() + BUSY_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || monotonicMillis() > deadline) throw error;
      await pause(BUSY_PAUSE_MS);
    }
  }
}
