import { indexPlace } from "../../stores/ledger-index/index-place.ts";
import { LedgerThread } from "../../stores/ledger-thread/ledger-thread.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../observe/logger.ts";

/** The reader of this data directory's ledger: one, however many processes write. */
export function openLedgerThread(
  { dataDirectory, directoryUrl: url, ledger: { sinks } }: Config,
  log: Log,
): LedgerThread {
  const index = indexPlace(dataDirectory, url);
  const thread = new LedgerThread({ index, dataDirectory, sinks }, (cause) =>
    log.error({ cause }, "the ledger's index or a sink"),
  );
  thread.start();
  return thread;
}
