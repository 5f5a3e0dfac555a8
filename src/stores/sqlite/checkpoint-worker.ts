/** The thread of checkpointer.ts: a checkpoint a message, and its end when none comes for a while. */
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

/** Milliseconds. To start a thread costs as much as a hundred exchanges, to keep one 5 MB. */
const IDLE_MS = 15_000;
/** Half of what the event loop would begin at (`WAL_PAGES_MAX`). */
const LONG_LOG_PAGES = 8_000;
/** Writers hold their lock for less than a millisecond. */
const LOCK_WAIT_MS = 50;

const data: unknown = workerData;
const port = parentPort;
if (typeof data !== "string" || port === null) throw new TypeError("a checkpoint without a file");
const url = pathToFileURL(data);
// A file that is gone meanwhile must not be made anew.
url.searchParams.set("mode", "rw");
const idle = setTimeout(() => port.close(), IDLE_MS);

port.on("message", () => {
  checkpoint();
  idle.refresh();
  port.postMessage("done");
});

/**
 * Passive first, which waits for nobody and whom no writer waits for. What is written meanwhile
 * stays behind, and the log grows on: before it is so long that SQLite would see to it on the event
 * loop, the rest is moved under the writers' lock.
 */
function checkpoint(): void {
  using database = new DatabaseSync(url);
  database.exec(`PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=${LOCK_WAIT_MS}`);
  const moved = database.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
  if (Number(moved?.["log"] ?? 0) < LONG_LOG_PAGES) return;
  database.exec("PRAGMA wal_checkpoint(RESTART)");
}
