import type { Ledger } from "../ledger/ledger.ts";
import type { Instant } from "../units.ts";
import type { DirectoryStore } from "./directory-store.ts";

/** What operations on the directory ask of the world. */
export interface IdentityPorts {
  readonly store: DirectoryStore;
  readonly ledger: Pick<Ledger, "change" | "healthy">;
  readonly now: () => Instant;
}
