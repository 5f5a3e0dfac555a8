import { ledgerDirectory } from "../../src/stores/ledger/ledger-layout.ts";
import { readLast } from "../../src/stores/ledger/read-ledger.ts";

export interface LedgerLine {
  readonly kind: string;
  readonly asked?: { readonly principal?: { readonly agent: string; readonly tenant: string } };
  readonly outcome?: { readonly kind: string; readonly code?: string };
  readonly [member: string]: unknown;
}

/** The newest records of a data directory, as written. */
export async function ledgerLines(dataDirectory: string): Promise<readonly LedgerLine[]> {
  const read = await readLast(ledgerDirectory(dataDirectory), 1_000);
  return read.map(({ record }) => record as LedgerLine);
}
