/** The lock file as it is now: looked at again when it is asked for, at most once a second. */
import { readFileSync, statSync } from "node:fs";
import { readLock, type Lock } from "../core/trust/lock-file.ts";
import { messageOf } from "../lib/caught.ts";
import { monotonicMillis } from "../lib/clock.ts";

/** Larger files are no lock: 20,000 definitions of an ordinary size fit several times. */
const LOCK_BYTES_MAX = 64 * 1024 * 1024;

const LOOK_MS = 1_000;

const EMPTY: Lock = new Map();

export interface LockSource {
  current(): Lock;
}

/**
 * A file that is not there approves nothing; one that cannot be read leaves in force what was read
 * before. `onFault` is told of a problem once, until the file changes.
 */
export function openLockSource(path: string, onFault: (problem: string) => void): LockSource {
  let lock = EMPTY;
  let stamp = "";
  let lookedAt = Number.NEGATIVE_INFINITY;

  function look(): void {
    const now = stampOf(path);
    if (now === stamp) return;
    stamp = now;
    if (now === ABSENT) {
      lock = EMPTY;
      return;
    }
    const reading = read(path);
    if (reading.kind === "ok") ({ lock } = reading);
    else onFault(reading.problem);
  }

  return {
    current() {
      const now = monotonicMillis();
      if (now - lookedAt >= LOOK_MS) {
        lookedAt = now;
        look();
      }
      return lock;
    },
  };
}

const ABSENT = "absent";

function stampOf(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return ABSENT;
  }
}

function read(path: string): ReturnType<typeof readLock> {
  try {
    if (statSync(path).size > LOCK_BYTES_MAX)
      return { kind: "problem", problem: "it is too large" };
    return readLock(readFileSync(path, "utf8"));
  } catch (error) {
    return { kind: "problem", problem: messageOf(error) };
  }
}
