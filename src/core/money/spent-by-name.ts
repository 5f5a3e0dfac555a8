import type { Facts } from "../evidence.ts";
import { namedSpend } from "./claims.ts";

/** Nano-USD that the call itself named, and that are spent now. */
export function spentByName({
  decision,
  outcome,
  sent,
}: Pick<Facts, "decision" | "outcome" | "sent">): number {
  const isSpent = sent && outcome?.kind === "completed";
  return isSpent && decision !== undefined && "terms" in decision
    ? namedSpend(decision.terms.charges)
    : 0;
}
