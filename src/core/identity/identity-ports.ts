import type { Ledger } from "../ledger/ledger.ts";
import type { Instant } from "../units.ts";
import type { DirectoryStore } from "./directory-store.ts";

/** What operations on the directory ask of the world. */
export interface IdentityPorts {
  readonly store: DirectoryStore;
  readonly ledger: Pick<Ledger, "change" | "healthy">;
  readonly now: () => Instant;
  /**
   * Where the gate runs in this process: resolves once what was written is in force there. Never
   * rejects, and never takes longer than a second.
   */
  readonly heard?: (() => Promise<void>) | undefined;
}
