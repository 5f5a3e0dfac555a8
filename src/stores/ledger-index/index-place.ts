import { join } from "node:path";

export interface IndexPlace {
  /** `<data>/ledger`. */
  readonly ledger: string;
  /** Of the embedded index. */
  readonly file: string;
  /** A database that many machines share instead. */
  readonly url: string | undefined;
}

/** The embedded index of a data directory. */
export function indexFile(dataDirectory: string): string {
  return join(dataDirectory, "ledger-index.db");
}
