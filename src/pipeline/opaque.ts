import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal, RefusalCode } from "../core/refusal.ts";

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

/** What was found in a call or in its answer says as much of a rule as the rule's own no. */
const OF_FINDINGS: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "request_blocked",
  "response_blocked",
  "result_invalid",
]);

interface Asked {
  readonly principal: Principal;
  readonly snapshot: Pick<PolicySnapshot, "isOpaque">;
}

/**
 * The same of a refusal that may have other reasons, which its agent must know to act on.
 * `asked`: undefined where nobody knows yet who asks, so no rule was asked either.
 */
export function toldOfFindings(asked: Asked | undefined, refusal: Refusal): Refusal {
  if (asked === undefined || !OF_FINDINGS.has(refusal.code)) return refusal;
  return toldTo(asked.principal, asked.snapshot, refusal);
}
