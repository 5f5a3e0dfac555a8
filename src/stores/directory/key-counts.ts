import type { QuotaStore } from "../../core/identity/quota.ts";
import type { Instant } from "../../core/units.ts";

/**
 * What every request of a key writes: how much of its plan it used, and when. Exact among processes,
 * and not lost with one of them; a crash of the database's machine may lose the last second.
 */
export interface KeyCounts extends AsyncDisposable {
  readonly quotas: QuotaStore;
  writeUses(uses: ReadonlyMap<string, Instant>): Promise<void>;
}
