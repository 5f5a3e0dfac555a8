import type { RateStanding } from "./money/rate.ts";
import type { BudgetId, Millis, ReviewId, RuleId } from "./units.ts";

/**
 * What a refusal means to whoever must act on it. Doors choose the status of their wire by this
 * (src/README.md): agents retry blindly on different ones.
 */
export type RefusalClass =
  | "malformed" // 400: the request itself is wrong
  | "unauthenticated" // 401: the Sallyport credential is missing or wrong, nothing else
  | "policy" // denied; repeating it cannot help
  | "budget" // money or tokens used up
  | "rate" // 429: the same call may pass after `retryIn`
  | "unavailable" // 503: cannot check now, so refused
  | "upstream" // 502, 504: the other side failed
  | "not_found" // 404: nothing is configured there; never a denial
  | "too_large" // 413
  | "upgrade" // 426
  | "internal"; // 500

/** One row per code: the stage that says it, its class, its JSON-RPC number. Pinned in test/wire. */
export const REFUSALS = {
  unauthenticated: { stage: "identify", class: "unauthenticated", jsonRpc: -33001 },
  identity_unavailable: { stage: "identify", class: "unavailable", jsonRpc: -33039 },
  session_over: { stage: "identify", class: "unauthenticated", jsonRpc: -33101 },
  draining: { stage: "limit", class: "unavailable", jsonRpc: -33002 },
  agent_stopped: { stage: "limit", class: "policy", jsonRpc: -33003 },
  rate_limited: { stage: "limit", class: "rate", jsonRpc: -33004 },
  no_such_upstream: { stage: "route", class: "not_found", jsonRpc: -33025 },
  tunnel_refused: { stage: "interpret", class: "policy", jsonRpc: -33035 },
  too_many_tunnels: { stage: "interpret", class: "unavailable", jsonRpc: -33036 },
  tunnel_unscannable: { stage: "interpret", class: "policy", jsonRpc: -33037 },
  hello_refused: { stage: "forward", class: "policy", jsonRpc: -33038 },
  foreign_origin: { stage: "route", class: "policy", jsonRpc: -33034 },
  malformed: { stage: "interpret", class: "malformed", jsonRpc: -32600 },
  body_too_large: { stage: "interpret", class: "too_large", jsonRpc: -33005 },
  body_timeout: { stage: "interpret", class: "malformed", jsonRpc: -33006 },
  unknown_endpoint: { stage: "decide", class: "policy", jsonRpc: -33007 },
  request_blocked: { stage: "detect", class: "policy", jsonRpc: -33008 },
  definition_pending: { stage: "detect", class: "policy", jsonRpc: -33030 },
  definition_changed: { stage: "detect", class: "policy", jsonRpc: -33031 },
  policy_denied: { stage: "decide", class: "policy", jsonRpc: -33009 },
  session_scope: { stage: "decide", class: "policy", jsonRpc: -33102 },
  arguments_invalid: { stage: "decide", class: "malformed", jsonRpc: -33032 },
  approval_required: { stage: "review", class: "policy", jsonRpc: -33010 },
  approval_denied: { stage: "review", class: "policy", jsonRpc: -33103 },
  review_unavailable: { stage: "review", class: "unavailable", jsonRpc: -33024 },
  upgrade_refused: { stage: "decide", class: "upgrade", jsonRpc: -33011 },
  budget_exceeded: { stage: "reserve", class: "budget", jsonRpc: -33012 },
  price_unknown: { stage: "reserve", class: "policy", jsonRpc: -33013 },
  budget_unavailable: { stage: "reserve", class: "unavailable", jsonRpc: -33014 },
  limit_unavailable: { stage: "reserve", class: "unavailable", jsonRpc: -33026 },
  ledger_unavailable: { stage: "open", class: "unavailable", jsonRpc: -33015 },
  credential_unavailable: { stage: "forward", class: "unavailable", jsonRpc: -33016 },
  credential_forbidden: { stage: "forward", class: "policy", jsonRpc: -33017 },
  address_forbidden: { stage: "forward", class: "policy", jsonRpc: -33018 },
  upstream_unreachable: { stage: "forward", class: "upstream", jsonRpc: -33019 },
  upstream_timeout: { stage: "forward", class: "upstream", jsonRpc: -33020 },
  upstream_broken: { stage: "forward", class: "upstream", jsonRpc: -33021 },
  response_blocked: { stage: "inspect", class: "policy", jsonRpc: -33022 },
  result_invalid: { stage: "inspect", class: "policy", jsonRpc: -33033 },
  response_unscannable: { stage: "inspect", class: "policy", jsonRpc: -33023 },
  internal: { stage: "any", class: "internal", jsonRpc: -32603 },
} as const satisfies Record<
  string,
  { readonly stage: string; readonly class: RefusalClass; readonly jsonRpc: number }
>;

export type RefusalCode = keyof typeof REFUSALS;

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code);
}

/** What the agent is told. `cause` goes to the log, never to the wire or the ledger. */
export interface Refusal {
  readonly code: RefusalCode;
  /** One or two sentences that a model can act on. Never the secret, never an upstream's words. */
  readonly detail: string;
  /** What would be allowed, or whom to ask. */
  readonly remedy?: string;
  readonly rules?: readonly RuleId[];
  readonly retryIn?: Millis;
  readonly review?: ReviewId;
  /** The review is over: the same call, made again, is a new question. */
  readonly asksAnew?: true;
  /** The budget that is short. */
  readonly budget?: BudgetId;
  /** In place of the wire's own. */
  readonly status?: 402 | 407 | undefined;
  /** Of the limits that were asked, where one of them refused. */
  readonly standings?: readonly RateStanding[];
  readonly cause?: Error;
}
