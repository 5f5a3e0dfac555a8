import { join } from "node:path";
import { ledgerDirectory } from "../ledger/ledger-layout.ts";
import { personalFile } from "../sqlite/personal-store.ts";

export interface IndexPlace {
  /** `<data>/ledger`. */
  readonly ledger: string;
  /** Of the embedded index. */
  readonly file: string;
  /** Holds the texts that records have tokens of. */
  readonly personalFile: string;
  /** A database that many machines share instead. */
  readonly url: string | undefined;
}

/** Of a data directory; `url` where many share a database. */
export function indexPlace(dataDirectory: string, url: string | undefined): IndexPlace {
  return {
    ledger: ledgerDirectory(dataDirectory),
    file: join(dataDirectory, "ledger-index.db"),
    personalFile: personalFile(dataDirectory),
    url,
  };
}
