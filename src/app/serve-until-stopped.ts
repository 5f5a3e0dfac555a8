import { monotonicMillis } from "../lib/clock.ts";
import { trimWhenIdle } from "./trim-when-idle.ts";

/** Anything that serves: a gateway, or the primary of several. */
export interface Served {
  reload(): void;
  stop(): Promise<void>;
}

/** Why the process ends: the exit code is main's business. */
export type Ending = "drained" | "cut";

/** Who started the process, and so who ends it. */
export type RunBy = "primary" | "npm" | "anybody";

/** How long a gate that npm has left outlives it. */
const PARENT_LOOK_MS = 500;

/** `npm start` sends on what the terminal has sent to everybody: one Ctrl-C is heard twice. */
const ECHO_MS = 250;

const STOP_SIGNALS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

/**
 * Serves until it is told to stop, then drains and seals. SIGHUP reads the policies again. A second
 * stop signal does not wait: the ledger gives what was open its outcome at the next start.
 *
 * A worker leaves SIGINT to its primary: a terminal sends it to the whole group.
 */
export async function serveUntilStopped(served: Served, runBy: RunBy): Promise<Ending> {
  const isWorker = runBy === "primary";
  using _trimming = trimWhenIdle();
  const reload = (): void => served.reload();
  process.on("SIGHUP", reload);
  if (isWorker) process.on("SIGINT", () => {});
  const signals = isWorker ? ["SIGTERM" as const] : STOP_SIGNALS;
  const told = oneOf(signals, 0);
  await (runBy === "npm" ? Promise.race([told, orphaned()]) : told);
  // Without a listener the next signal would end the process before its exit code is set.
  for (const signal of signals) process.on(signal, () => {});
  const again = oneOf(signals, monotonicMillis() + ECHO_MS).then(() => "cut" as const);
  const stopped = served.stop().then(() => "drained" as const);
  const ending = await Promise.race([stopped, again]);
  process.off("SIGHUP", reload);
  return ending;
}

/**
 * npm passes SIGTERM to the shell between us, which ends and tells nobody. Elsewhere a parent that
 * ends is how a program leaves its terminal.
 */
function orphaned(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const look = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(look);
      resolve();
    }, PARENT_LOOK_MS).unref();
  });
}

/** Resolves with the first signal that comes after `from`, in monotonic milliseconds. */
function oneOf(signals: readonly NodeJS.Signals[], from: number): Promise<void> {
  return new Promise((resolve) => {
    const heard = (): void => {
      if (monotonicMillis() < from) return;
      for (const signal of signals) process.off(signal, heard);
      resolve();
    };
    for (const signal of signals) process.on(signal, heard);
  });
}
