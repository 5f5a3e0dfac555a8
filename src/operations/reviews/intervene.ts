/** A person's intervention in a decision, for the record (EU AI Act, article 14). */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { changeOfTenant } from "../../core/ledger/change-of-tenant.ts";
import { newId } from "../../lib/ids.ts";
import type { ReviewPorts } from "./change-reviews.ts";
import { personOf } from "./may-answer.ts";

export const INTERVENTION_TYPES = ["confirmation", "modification", "rejection"] as const;

export interface Intervention {
  readonly type: (typeof INTERVENTION_TYPES)[number];
  /** What it is about: an exchange, a review, a decision named elsewhere. */
  readonly of: string;
  /** The person's role in it, in the organisation's own words. */
  readonly role: string;
  readonly reason: string;
}

/** Answers with its id. What runs is stopped by a stop, a review or an override, not by this. */
export async function intervene(
  caller: Caller,
  { type, of, role, reason }: Intervention,
  { ledger, now }: Pick<ReviewPorts, "ledger" | "now">,
): Promise<Answer<string>> {
  const interventionId = newId("int", now());
  const said = {
    change: "intervention.recorded",
    about: of,
    by: personOf(caller),
    detail: { intervention: interventionId, type, role, reason },
  };
  const change = changeOfTenant(said, caller.tenant);
  if (ledger.healthy && (await ledger.change(change))) return done(interventionId);
  return fault("unavailable", "Nothing was recorded: the ledger cannot be written now.");
}
