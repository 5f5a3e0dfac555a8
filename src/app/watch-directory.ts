import { watch, type FSWatcher } from "node:fs";
import { directoryIdentity } from "./policies/policy-files.ts";

/** An editor writes in several steps; this long after the last one the directory is read. */
const SETTLE_MS = 100;
/** Where the system tells nothing (network mounts), a look at the files' stamps this often. */
const LOOK_MS = 3000;

/** Calls `look` soon after the system reports a change, and at an interval in any case. */
export function watchDirectory(directory: string, look: () => void): { stop(): void } {
  let settling: NodeJS.Timeout | undefined;
  let watched: string | undefined;
  let watcher: FSWatcher | undefined;
  /** A watch is of one directory, not of its name: made again, it is another one. */
  function renew(): void {
    const identity = directoryIdentity(directory);
    if (identity === watched && watcher !== undefined) return;
    watcher?.close();
    watched = identity;
    watcher = tryWatch(directory, () => {
      clearTimeout(settling);
      settling = setTimeout(renewAndLook, SETTLE_MS).unref();
    });
  }
  function renewAndLook(): void {
    renew();
    look();
  }
  renew();
  const interval = setInterval(renewAndLook, LOOK_MS).unref();
  return {
    stop() {
      clearTimeout(settling);
      clearInterval(interval);
      watcher?.close();
    },
  };
}

/** Undefined where the system cannot watch: then the interval alone finds changes. */
function tryWatch(directory: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, changed);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
