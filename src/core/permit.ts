import type { Action } from "./action.ts";
import type { Terms } from "./decision.ts";
import type { Reservation } from "./money/budget.ts";
import type { Digest, ExchangeId } from "./units.ts";

declare const minted: unique symbol;

/** Proof of a decision, a review, a reservation and a ledger entry. `forward` takes no less. */
export interface Permit {
  readonly [minted]: true;
  readonly exchange: ExchangeId;
  readonly action: Action;
  readonly terms: Terms;
  readonly reservation: Reservation;
  /** Hash of the intent record, sent to the agent as its receipt. */
  readonly opened: Digest;
}

/** The only cast to Permit. `operations/authorize.ts` is its only caller; test/unit/tidy.test.ts checks. */
export function issuePermit(
  exchange: ExchangeId,
  action: Action,
  terms: Terms,
  reservation: Reservation,
  opened: Digest,
): Permit {
  return { exchange, action, terms, reservation, opened } as Permit;
}
