/** What the gate said of a payment, in the documented words. */
import { isSilent } from "../../core/decision.ts";
import { isRefusalCode, REFUSALS, type RefusalClass } from "../../core/refusal.ts";
import { isJsonObject } from "../../core/json.ts";
import type { Review } from "../../core/review/review.ts";
import type { GateAnswer, GateRefusal } from "../dialect-core.ts";
import { CATEGORY_RULE, SPEND_BUDGET, TRANSACTION_RULE } from "./wallet-policy.ts";

export type DecisionCode =
  | "ESCALATION_REQUIRED"
  | "NO_POLICY"
  | "CATEGORY_BLOCKED"
  | "PER_TXN_LIMIT"
  | "DAILY_BUDGET_EXCEEDED"
  | "POLICY_DENIED";

export interface Decided {
  readonly authorized: boolean;
  readonly status: "approved" | "denied" | "escalated" | "pending";
  readonly reason: string;
  readonly code?: DecisionCode;
  readonly remediation?: string;
  /** Of a denial: the reason again, for who reads the schema of errors. */
  readonly error?: string;
  readonly request_id: string;
}

export type SpendDecision =
  | { readonly kind: "decided"; readonly status: 200 | 403; readonly decided: Decided }
  /** Nobody could say, or not now. */
  | {
      readonly kind: "undecided";
      readonly status: 401 | 429 | 503;
      readonly error: string;
      readonly reason: string;
      readonly code: string;
      readonly retryAfter: number | undefined;
    };

/** `review`: the one that the refusal names. */
export function decisionOf(answer: GateAnswer, review: Review | undefined): SpendDecision {
  if (answer.kind === "answered") return approved(authorizationOf(answer.result));
  const { refusal } = answer;
  if (refusal.code === "approval_required") return waiting(refusal, review);
  const status = STATUSES[classOf(refusal.code)];
  return status === 403 ? denied(refusal) : undecided(status, refusal);
}

export function approved(id: string): SpendDecision {
  const reason = "Auto-approved by policy";
  const decided = { authorized: true, status: "approved", reason, request_id: id } as const;
  return { kind: "decided", status: 200, decided };
}

function authorizationOf({ structuredContent: data }: { structuredContent?: unknown }): string {
  const id = isJsonObject(data) ? data["authorization"] : undefined;
  return typeof id === "string" ? id : "";
}

/** Asked for the first time it is `escalated`, asked again `pending` until somebody has answered. */
function waiting(
  { review: id, exchange, detail }: GateRefusal,
  review: Review | undefined,
): SpendDecision {
  const isNew = review === undefined || review.exchange === exchange;
  const decided: Decided = {
    authorized: false,
    status: isNew ? "escalated" : "pending",
    reason: detail,
    code: "ESCALATION_REQUIRED",
    remediation:
      "Wait for the wallet's owner to approve it, then repeat the same request: it passes once.",
    request_id: id ?? exchange ?? "",
  };
  return { kind: "decided", status: 200, decided };
}

function denied(refusal: GateRefusal): SpendDecision {
  const code = codeOf(refusal);
  const reason = code === "NO_POLICY" ? "No policy configured" : refusal.detail;
  const decided: Decided = {
    authorized: false,
    status: "denied",
    reason,
    error: reason,
    code,
    // What the gate says of a budget is about models.
    remediation:
      code === "DAILY_BUDGET_EXCEEDED" ? REMEDIES[code] : (refusal.remedy ?? REMEDIES[code]),
    request_id: refusal.review ?? refusal.exchange ?? "",
  };
  return { kind: "decided", status: 403, decided };
}

function codeOf({ code, rules, budget }: GateRefusal): DecisionCode {
  if (code === "budget_exceeded") {
    return budget === SPEND_BUDGET ? "DAILY_BUDGET_EXCEEDED" : "POLICY_DENIED";
  }
  if (code !== "policy_denied") return "POLICY_DENIED";
  if (rules.includes(CATEGORY_RULE)) return "CATEGORY_BLOCKED";
  if (rules.includes(TRANSACTION_RULE)) return "PER_TXN_LIMIT";
  return isSilent(rules) ? "NO_POLICY" : "POLICY_DENIED";
}

const REMEDIES = {
  ESCALATION_REQUIRED: "Wait for the wallet's owner.",
  NO_POLICY: "Ask the wallet's owner to set a policy.",
  CATEGORY_BLOCKED: "Choose something of another category.",
  PER_TXN_LIMIT: "Ask for a smaller amount.",
  DAILY_BUDGET_EXCEEDED: "Wait for the next UTC day, or ask for a smaller amount.",
  POLICY_DENIED: "Ask the wallet's owner.",
} as const satisfies Record<DecisionCode, string>;

const STATUSES = {
  policy: 403,
  budget: 403,
  unauthenticated: 401,
  rate: 429,
  malformed: 403,
  too_large: 403,
  not_found: 403,
  upgrade: 403,
  unavailable: 503,
  upstream: 503,
  internal: 503,
} as const satisfies Record<RefusalClass, 401 | 403 | 429 | 503>;

function classOf(code: string): RefusalClass {
  return isRefusalCode(code) ? REFUSALS[code].class : "upstream";
}

function undecided(status: 401 | 429 | 503, refusal: GateRefusal): SpendDecision {
  const { detail: reason, code, retryAfter } = refusal;
  return { kind: "undecided", status, error: ERRORS[status], reason, code, retryAfter };
}

const ERRORS = {
  401: "Invalid API key",
  429: "Too many requests",
  503: "Cannot decide now",
} as const;
