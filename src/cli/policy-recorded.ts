import type { Action } from "../core/action.ts";
import type { Asked, RecordedAction } from "../core/ledger/entry.ts";
import type { Situation } from "../core/policy/situation.ts";
import { id } from "../core/units.ts";
import { impossible } from "../lib/impossible.ts";
import type { ExchangeRecord } from "../stores/ledger/read-ledger.ts";

/** A call as far as the ledger tells it: nobody's text is on record. */
export interface RecordedCall {
  readonly situation: Situation;
  readonly decision: string;
  readonly because: readonly string[];
  readonly policy: string;
  /** What conditions may have read and the record does not hold. */
  readonly gaps: readonly string[];
}

/** Undefined where the exchange ended before policy was asked. */
export function recordedCall({ intent, outcome }: ExchangeRecord): RecordedCall | undefined {
  const entry = intent?.entry ?? outcome?.entry;
  const asked = entry?.asked;
  if (entry === undefined || asked?.action === undefined) return undefined;
  const { principal, decision, policy } = asked;
  if (principal === undefined || decision === undefined) return undefined;
  const action = actionOf(asked, asked.action);
  return {
    situation: {
      principal,
      action,
      facts: { now: entry.at, marks: [], source: () => "" },
    },
    decision: decision.kind,
    because: decision.because,
    policy: policy ?? "",
    gaps: [gapOf(action), "the session's marks at that time"],
  };
}

function gapOf(action: Action): string {
  switch (action.kind) {
    case "tool":
      return "the arguments (their hash is)";
    case "llm":
      return "the body";
    case "http":
      return "the body and the query's values";
    case "mcp":
      return "what followed ? and # in the name";
    default:
      return impossible(action);
  }
}

function actionOf({ upstream: name }: Asked, action: RecordedAction): Action {
  const upstream = id<Action["upstream"]>(name);
  switch (action.kind) {
    case "tool":
      return { kind: "tool", upstream, tool: action.tool, args: {} };
    case "llm":
      return { ...action, upstream, body: {} };
    case "http": {
      const { method, host, path } = action;
      const special =
        action.special === "upgrade" || action.special === "unknown_endpoint"
          ? action.special
          : undefined;
      return { kind: "http", upstream, method, host, path, query: "", special, body: undefined };
    }
    case "mcp":
      return { ...action, upstream };
    default:
      return impossible(action);
  }
}
