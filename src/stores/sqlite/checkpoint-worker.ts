/** The thread of checkpointer.ts: one checkpoint, then it ends. */
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { workerData } from "node:worker_threads";

const data: unknown = workerData;
if (typeof data !== "string") throw new TypeError("a checkpoint without a file");
const url = pathToFileURL(data);
// A file that is gone meanwhile must not be made anew.
url.searchParams.set("mode", "rw");
const database = new DatabaseSync(url);
// Passive: waits for nobody, and whoever writes meanwhile does not wait for it.
database.exec("PRAGMA synchronous=NORMAL; PRAGMA wal_checkpoint(PASSIVE)");
database.close();
