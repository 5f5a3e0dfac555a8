import { shipped, type ShipFormat } from "../../core/ledger/shipped-record.ts";
import type { Sink } from "./sink-plan.ts";

/** One JSON object a line. In a thread, the process's own stdout takes them when it can. */
export function stdoutSink(format: ShipFormat): Sink {
  return {
    deliver(records) {
      const lines = records.map((record) => `${JSON.stringify(shipped(record, format))}\n`);
      return new Promise((resolve, reject) => {
        process.stdout.write(lines.join(""), (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
