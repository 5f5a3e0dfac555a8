/** Asks a person ahead of the call. The call itself, made as it was asked for here, meets the answer. */
import type { Principal } from "../../core/principal.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { ExchangeId } from "../../core/units.ts";
import { review } from "../../pipeline/review.ts";
import type { Ports } from "../../pipeline/stages.ts";
import { judgePlanned, type JudgingPorts, type Places } from "./check-permission.ts";
import type { PlannedCall } from "./planned-call.ts";

export type ApprovalReply =
  | { readonly kind: "not_needed" }
  /** A person has said yes: the call passes. */
  | { readonly kind: "granted" }
  /** `approval_required`, with the review that waits. */
  | { readonly kind: "pending"; readonly refusal: Refusal }
  /** No person can allow it, or none can be asked now. */
  | { readonly kind: "refused"; readonly refusal: Refusal };

export async function requestApproval(
  exchange: ExchangeId,
  principal: Principal,
  call: PlannedCall,
  { places, ports }: { places: Places; ports: JudgingPorts & Pick<Ports, "reviews" | "awaiting"> },
): Promise<ApprovalReply> {
  const judged = await judgePlanned(principal, call, places, ports);
  if (judged.kind === "halt") return { kind: "refused", refusal: judged.refusal };
  const { action, decision, pin } = judged.value;
  if (decision.kind === "allow") return { kind: "not_needed" };
  const { digest: policy } = ports.policies.current();
  const subject = { exchange, now: ports.now(), principal, action, definition: pin?.seen, policy };
  const reviewed = await review(subject, decision, ports, undefined);
  if (reviewed.kind === "pass") return { kind: "granted" };
  const { refusal } = reviewed;
  return { kind: refusal.code === "approval_required" ? "pending" : "refused", refusal };
}
