/** The one way into the reviews for people: what changes is on the ledger first. */
import { done, fault, type Answer } from "../../core/fault.ts";
import { changeOfTenant } from "../../core/ledger/change-of-tenant.ts";
import type { Change } from "../../core/ledger/entry.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import type { ReviewStore } from "../../core/review/review-store.ts";
import type { Instant, TenantId } from "../../core/units.ts";
import { errorOf } from "../../lib/caught.ts";

export interface ReviewPorts {
  readonly reviews: ReviewStore;
  readonly ledger: Pick<Ledger, "change" | "healthy">;
  readonly now: () => Instant;
}

/** A change that the store then refuses has a second record that says so. */
export async function changeReviews<T>(
  said: Change,
  tenant: TenantId,
  write: () => Promise<T | undefined>,
  { ledger }: Pick<ReviewPorts, "ledger">,
): Promise<Answer<T>> {
  const change = changeOfTenant(said, tenant);
  if (!ledger.healthy || !(await ledger.change(change))) {
    return fault("unavailable", "Nothing was changed: the ledger cannot be written now.");
  }
  try {
    const written = await write();
    if (written !== undefined) return done(written);
    await ledger.change({ ...change, change: `${change.change}.refused` });
    return fault("conflict", "Somebody answered it meanwhile: look at it again.");
  } catch (error) {
    await ledger.change({ ...change, change: `${change.change}.failed` });
    const cause = errorOf(error);
    return fault("unavailable", "The reviews cannot be written now.", { cause });
  }
}
