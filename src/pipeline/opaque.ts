import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";

/** All that an agent hears where policy says no more: which rule it was could help it around one. */
export const OPAQUE_DETAIL = "This is not available here.";

/** A no in the words that policy has for this agent; the record keeps rules and reasons. */
export function toldTo(
  principal: Principal,
  snapshot: Pick<PolicySnapshot, "isOpaque">,
  refusal: Refusal,
): Refusal {
  if (!snapshot.isOpaque(principal)) return refusal;
  const cause = refusal.cause ?? new Error(`${refusal.code}: ${refusal.detail}`);
  return { code: "policy_denied", detail: OPAQUE_DETAIL, remedy: "Do without it.", cause };
}
