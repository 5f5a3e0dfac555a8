/**
 * Stage 2 of 11. What the process itself forbids: it is shutting down, a person stopped the agent,
 * or the upstream is another tenant's. Rates belong to the rules that allow a call and are taken in `reserve.ts`.
 */
import type { Stop } from "../core/identity/stop.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import { millis } from "../core/units.ts";
import { isOpenTo, type Upstream } from "../core/upstream.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import type { Gatekeeper } from "./stages.ts";

/** About as long as a replacement, or a store that comes back, needs. */
export const DRAIN_RETRY_IN = millis(2_000);

const DRAINING = halt({
  code: "draining",
  detail: "This gateway is shutting down and takes no new requests.",
  remedy: "Send the same request again in a moment; another instance will answer.",
  retryIn: DRAIN_RETRY_IN,
});

const UNINFORMED = halt({
  code: "limit_unavailable",
  detail: "It cannot be known now whom operators have stopped: the shared store does not answer.",
  remedy: "Send the same request again in a moment; nothing was done.",
  retryIn: DRAIN_RETRY_IN,
});

const CLEAR = pass(undefined);

/** `upstream`: what one tenant registered is not there for the others. */
export function limit(
  principal: Principal,
  gate: Gatekeeper,
  upstream: Upstream,
): Verdict<undefined> {
  if (gate.draining) return DRAINING;
  if (!gate.informed) return UNINFORMED;
  if (!isOpenTo(upstream, principal.tenant)) {
    return halt(nothingAt(`/${upstream.name}`));
  }
  const stop = gate.stopped(principal);
  return stop === undefined ? CLEAR : halt(stoppedBy(stop, principal));
}

/** Of what is another tenant's, word for word what is said of what is nobody's. */
export function nothingAt(place: string): Refusal {
  return {
    code: "no_such_upstream",
    detail: `Nothing is configured at ${place}.`,
    remedy:
      "Requests go to /<upstream>/…, such as /openai/v1/chat/completions: the base URL names an " +
      "upstream, which an operator configures.",
  };
}

/** Also said to what was running when the stop came. */
export function stoppedBy({ target, mode }: Stop, { agent, session }: Principal): Refusal {
  const whom = target.kind === "agent" ? `the agent ${agent}` : `the session ${session}`;
  return {
    code: "agent_stopped",
    detail: `An operator has ${mode === "kill" ? "stopped" : "frozen"} ${
      target.kind === "everything" ? "all agents" : whom
    }: nothing it asks for is done.`,
    remedy: "Stop working and tell your user. Only an operator can let the agent go on.",
  };
}
