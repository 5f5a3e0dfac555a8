/** A judged call as the ledger tells it. Nobody's text is on record, so some of it is missing. */
import { impossible } from "../../lib/impossible.ts";
import { HTTP_SPECIALS, type Action, type ToolAction } from "../action.ts";
import type { Finding } from "../inspect/finding.ts";
import type {
  Asked,
  IntentEntry,
  OutcomeEntry,
  RecordedAction,
  RecordedDecision,
  RecordedHold,
} from "../ledger/entry.ts";
import { isClipped } from "../ledger/json-text.ts";
import type { PricedUsage } from "../money/priced-usage.ts";
import type { Principal } from "../principal.ts";
import type { RefusalCode } from "../refusal.ts";
import { id, type Digest, type ExchangeId, type Instant, type ReviewId } from "../units.ts";

export interface RecordedCall {
  readonly exchange: ExchangeId;
  readonly at: Instant;
  readonly principal: Principal;
  /** Its arguments, body and query are empty: they were not kept. */
  readonly action: Action;
  /** The meta-tools that it was called through, the innermost first. */
  readonly via: readonly ToolAction[];
  readonly decision: RecordedDecision;
  readonly policy: Digest | undefined;
  readonly review: ReviewId | undefined;
  /** Undefined: there were more than a record keeps. */
  readonly findings: readonly Finding[] | undefined;
  readonly holds: readonly RecordedHold[];
  /** Whether it went out; what is not known to have stayed here counts as gone. */
  readonly sent: boolean;
  readonly cost: PricedUsage | undefined;
  readonly refusal: RefusalCode | undefined;
  /** Whether the name that rules select by was too long, or too telling, to be kept whole. */
  readonly isCut: boolean;
}

/** The two records of one exchange; a refused one has its outcome only. */
export interface RecordedPair {
  readonly intent: IntentEntry | undefined;
  readonly outcome: OutcomeEntry | undefined;
}

/** Undefined where the exchange ended before policy was asked. */
export function recordedCall({ intent, outcome }: RecordedPair): RecordedCall | undefined {
  const entry = intent ?? outcome;
  const asked = entry?.asked;
  if (entry === undefined || asked?.action === undefined) return undefined;
  const { principal, decision, policy, review, reservation } = asked;
  if (principal === undefined || decision === undefined) return undefined;
  const { checked } = entry;
  const isWhole = checked !== undefined && checked.findingsOmitted === 0;
  const action = actionOf(asked, asked.action);
  return {
    exchange: entry.exchange,
    at: entry.at,
    principal,
    action,
    via: asked.action.kind === "tool" ? asked.action.via.map((name) => toolOf(asked, name)) : [],
    decision,
    policy,
    review,
    findings: isWhole ? checked.findings : undefined,
    holds: reservation?.kind === "held" ? reservation.holds : [],
    sent: intent !== undefined && outcome?.dispatched !== false,
    cost: outcome?.cost,
    refusal: outcome?.outcome.kind === "refused" ? outcome.outcome.code : undefined,
    isCut: isCut(action),
  };
}

/** What a condition may read of this kind of call and no record holds, in words. */
export function textNotKept(kind: Action["kind"]): string {
  switch (kind) {
    case "tool":
      return "the arguments (their hash is)";
    case "llm":
      return "the body";
    case "http":
      return "the body and the query's values";
    case "mcp":
      return "the arguments, and what followed ? and # in the name";
    default:
      return impossible(kind);
  }
}

function isCut(action: Action): boolean {
  switch (action.kind) {
    case "tool":
      return isClipped(action.tool);
    case "llm":
      return isClipped(action.model);
    case "http":
      return isClipped(action.path);
    case "mcp":
      return action.name !== undefined && (isClipped(action.name) || /[?#]$/u.test(action.name));
    default:
      return impossible(action);
  }
}

function toolOf({ upstream }: Asked, tool: string): ToolAction {
  return { kind: "tool", upstream: id(upstream), tool, args: {} };
}

function actionOf(asked: Asked, action: RecordedAction): Action {
  const upstream = id<Action["upstream"]>(asked.upstream);
  switch (action.kind) {
    case "tool":
      return toolOf(asked, action.tool);
    case "llm":
      return { ...action, upstream, body: {} };
    case "http": {
      const { method, host, path } = action;
      const special = HTTP_SPECIALS.find((one) => one === action.special);
      return { kind: "http", upstream, method, host, path, query: "", special, body: undefined };
    }
    case "mcp":
      return { ...action, upstream };
    default:
      return impossible(action);
  }
}
