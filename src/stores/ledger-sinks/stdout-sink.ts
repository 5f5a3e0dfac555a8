import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";
import { shipped, type ShipFormat } from "../../core/ledger/shipped-record.ts";
import { openPipe } from "../../lib/open-pipe.ts";
import type { Sink } from "./sink-plan.ts";

const STDOUT = 1;

/**
 * One JSON object a line. A thread's own `process.stdout` takes what nobody will ever read, so it is
 * used only for what cannot go away: a file, a terminal.
 */
export function stdoutSink(format: ShipFormat): Sink {
  const output = openPipe(STDOUT, ownSocket) ?? process.stdout;
  // Every write hears of it, too.
  output.on("error", () => {});
  return {
    deliver(records) {
      const lines = records.map((record) => `${JSON.stringify(shipped(record, format))}\n`);
      return new Promise((resolve, reject) => {
        output.write(lines.join(""), (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** On the main thread that would be a second one for what `process.stdout` watches. */
function ownSocket(): Socket | NodeJS.WriteStream {
  if (isMainThread) return process.stdout;
  return new Socket({ fd: STDOUT, readable: false, writable: true });
}
