import { REFUSALS, type Refusal } from "../../core/refusal.ts";

/** Clients show their key to a proxy only when it asks with 407 (RFC 9110 §15.5.8). */
export function askedByProxy(refusal: Refusal): Refusal {
  const isMissing = REFUSALS[refusal.code].class === "unauthenticated";
  return isMissing ? { ...refusal, status: 407 } : refusal;
}
