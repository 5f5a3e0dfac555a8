import type { Facts } from "../core/evidence.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import { errorOf } from "../lib/caught.ts";

/** Throws where it cannot be kept. */
export type Mark = (principal: Principal, marks: readonly string[]) => Promise<void> | void;

/** A tunnel may stay open long after its first answer: its session is marked before that. */
export function markSession({ principal, decision }: Facts, mark: Mark): Refusal | undefined {
  const isPromising = decision?.kind === "allow" || decision?.kind === "escalate";
  const marks = isPromising ? decision.terms.marks : [];
  if (principal === undefined || marks.length === 0) return undefined;
  try {
    // Replicas that decide by marks were told before the permit.
    void mark(principal, marks);
    return undefined;
  } catch (error) {
    return {
      code: "limit_unavailable",
      detail: "What the session has read cannot be kept now, so nothing goes through the tunnel.",
      cause: errorOf(error),
    };
  }
}
