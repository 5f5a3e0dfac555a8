import type { RateLimit } from "../decision.ts";
import type { Principal } from "../principal.ts";
import type { Instant, Millis } from "../units.ts";

/** Requests per interval, per rule and agent (GCRA). In-process now; the money issue shares it. */
export interface RateStore {
  /** Takes one from every limit or from none; answers how long to wait when one is empty. */
  take(
    principal: Principal,
    rates: readonly RateLimit[],
    now: Instant,
  ):
    | { readonly kind: "taken" }
    | { readonly kind: "empty"; readonly limit: RateLimit; readonly retryIn: Millis };
}
