import { indexPlace } from "../../stores/ledger-index/index-place.ts";
import { LedgerThread } from "../../stores/ledger-thread/ledger-thread.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../observe/logger.ts";

/** The reader of this data directory's ledger: one, however many processes write. */
export function openLedgerThread(config: Config, log: Log): LedgerThread {
  const thread = openThread(config, config.ledger.sinks, log);
  thread.start();
  return thread;
}

/** One more that answers questions, and brings nothing to the sinks. */
export function openSideThread(config: Config, log: Log): LedgerThread {
  return openThread(config, [], log);
}

function openThread(
  { dataDirectory, directoryUrl: url }: Config,
  sinks: Config["ledger"]["sinks"],
  log: Log,
): LedgerThread {
  const index = indexPlace(dataDirectory, url);
  return new LedgerThread({ index, dataDirectory, sinks }, (cause) =>
    log.error({ cause }, "the ledger's index or a sink cannot be written"),
  );
}
