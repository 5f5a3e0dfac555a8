/** Records → what was asked and what policy said; the way back of `record-asked.ts`. */
import { impossible } from "../../lib/impossible.ts";
import type { Adjustment } from "../evidence.ts";
import type { ShadowVerdict } from "../decision.ts";
import { CLEARANCES } from "../identity/directory-entry.ts";
import type { JsonObject } from "../json.ts";
import { PROOFS, type Principal } from "../principal.ts";
import { id, instant, type BudgetId } from "../units.ts";
import type {
  Asked,
  RecordedAction,
  RecordedDecision,
  RecordedHold,
  RecordedReservation,
} from "./entry.ts";
import { flag, number, object, objects, optional, text, texts, word } from "./field-reader.ts";

export function parseAsked(asked: JsonObject): Asked {
  const policy = optional(asked, "policy", text);
  const review = optional(asked, "review", text);
  const definition = optional(asked, "definition", text);
  const action = optional(asked, "action", object);
  const decision = optional(asked, "decision", object);
  const principal = optional(asked, "principal", object);
  const adjusted = optional(asked, "adjusted", object);
  const reservation = optional(asked, "reservation", object);
  return {
    upstream: text(asked, "upstream"),
    wire: text(asked, "wire"),
    method: text(asked, "method"),
    path: text(asked, "path"),
    policy: policy === undefined ? undefined : id(policy),
    principal: principal && parsePrincipal(principal),
    action: action && parseAction(action),
    definition: definition === undefined ? undefined : id(definition),
    decision: decision && parseDecision(decision),
    review: review === undefined ? undefined : id(review),
    adjusted: adjusted && parseAdjustment(adjusted),
    reservation: reservation && parseReservation(reservation),
  };
}

function parsePrincipal(from: JsonObject): Principal {
  const said = optional(from, "clearance", number);
  const clearance = CLEARANCES.find((one) => one === said);
  return {
    agent: id(text(from, "agent")),
    tenant: id(text(from, "tenant")),
    session: id(text(from, "session")),
    team: optional(from, "team", text),
    user: optional(from, "user", text),
    run: optional(from, "run", text),
    tags: parseTags(optional(from, "tags", object)),
    provenBy: word(from, "proven_by", PROOFS),
    ...(clearance !== undefined && { clearance }),
  };
}

function parseTags(from: JsonObject = {}): Principal["tags"] {
  return Object.fromEntries(Object.keys(from).map((name) => [name, text(from, name)]));
}

function parseAction(from: JsonObject): RecordedAction {
  const kind = word(from, "kind", ["llm", "tool", "http", "mcp"]);
  switch (kind) {
    case "llm":
      return {
        kind,
        operation: text(from, "operation"),
        model: text(from, "model"),
        stream: flag(from, "stream"),
        outputTokens: optional(from, "output_tokens", number),
      };
    case "tool":
      return {
        kind,
        tool: text(from, "tool"),
        argsSha256: id(text(from, "args_sha256")),
        argsBytes: number(from, "args_bytes"),
        via: texts(from, "via"),
      };
    case "http":
      return {
        kind,
        method: text(from, "method"),
        host: text(from, "host"),
        path: text(from, "path"),
        queryNames: texts(from, "query_names"),
        special: optional(from, "special", text),
      };
    case "mcp":
      return { kind, method: text(from, "method"), name: optional(from, "name", text) };
    default:
      return impossible(kind);
  }
}

function parseDecision(from: JsonObject): RecordedDecision {
  return {
    kind: word(from, "kind", ["allow", "conditional", "escalate", "deny"]),
    because: texts(from, "because").map((rule) => id(rule)),
    approvers: texts(from, "approvers"),
    unmet: texts(from, "unmet"),
    marks: texts(from, "marks"),
    outputTokens: optional(from, "output_tokens", number),
    shadow: objects(from, "shadow", parseShadow),
  };
}

function parseShadow(from: JsonObject): ShadowVerdict {
  return {
    rule: id(text(from, "rule")),
    effect: word(from, "effect", ["allow", "deny", "approve"]),
  };
}

function parseAdjustment(from: JsonObject): Adjustment {
  const kind = word(from, "kind", ["clamped", "downgraded"]);
  const budget = id<BudgetId>(text(from, "budget"));
  switch (kind) {
    case "clamped":
      return { kind, budget, outputTokens: number(from, "output_tokens") };
    case "downgraded":
      return {
        kind,
        budget,
        from: text(from, "from"),
        to: text(from, "to"),
        outputTokens: optional(from, "output_tokens", number),
      };
    default:
      return impossible(kind);
  }
}

function parseReservation(from: JsonObject): RecordedReservation {
  const kind = word(from, "kind", ["unmetered", "held"]);
  switch (kind) {
    case "unmetered":
      return { kind };
    case "held":
      return { kind, holds: objects(from, "holds", parseHold) };
    default:
      return impossible(kind);
  }
}

function parseHold(from: JsonObject): RecordedHold {
  const resetsAt = optional(from, "resets_at", number);
  return {
    budget: text(from, "budget"),
    key: text(from, "key"),
    unit: word(from, "unit", ["nano_usd", "tokens", "input_tokens", "output_tokens", "calls"]),
    amount: number(from, "amount"),
    resetsAt: resetsAt === undefined ? undefined : instant(resetsAt),
  };
}
