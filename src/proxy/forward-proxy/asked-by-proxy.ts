import { REFUSALS, type Refusal } from "../../core/refusal.ts";

/** Clients show their key to a proxy only when it asks with 407 (RFC 9110 §15.5.8). */
export function askedByProxy(refusal: Refusal): Refusal {
  const isMissing = REFUSALS[refusal.code].class === "unauthenticated";
  return isMissing ? { ...refusal, status: 407, remedy: WHERE_THE_KEY_GOES } : refusal;
}

const WHERE_THE_KEY_GOES =
  "Put the agent's Sallyport key into the proxy's URL as its password: http://agent:<key>@host:port.";
