/**
 * Attribute names of OpenTelemetry's semantic conventions, and ours beside them. They are still
 * changing there; this is the one place to follow.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/
 */
import type { Action } from "../../core/action.ts";
import type { Facts } from "../../core/evidence.ts";
import { inputTokensOf, outputTokensOf } from "../../core/money/usage.ts";
import { impossible } from "../../lib/impossible.ts";
import { outcomeKey } from "./tally.ts";

export type TraceAttributes = Record<string, string | number | string[]>;

export function spanName(facts: Facts): string {
  const { action } = facts;
  switch (action?.kind) {
    case "llm":
      return `${action.operation} ${action.model}`;
    case "tool":
      return `tools/call ${action.tool}`;
    case "mcp":
      return action.method;
    case "http":
    case undefined:
      return facts.method;
    default:
      return impossible(action);
  }
}

/** Of one closed exchange. Never arguments, paths or texts: traces leave the machine. */
export function traceAttributes(facts: Facts): TraceAttributes {
  const { action, upstream, principal, decision, usage, outcome, upstreamStatus } = facts;
  const host = new URL(upstream.origin);
  return defined({
    ...(action === undefined ? {} : actionAttributes(action, facts)),
    "server.address": host.hostname,
    "http.request.method": facts.method,
    "http.response.status_code": upstreamStatus,
    "gen_ai.response.model": usage?.model,
    "gen_ai.usage.input_tokens": usage === undefined ? undefined : inputTokensOf(usage.usage),
    "gen_ai.usage.output_tokens": usage === undefined ? undefined : outputTokensOf(usage.usage),
    "error.type": outcome?.kind === "completed" ? undefined : outcomeKey(outcome),
    "sallyport.exchange": facts.exchange,
    "sallyport.upstream": upstream.name,
    "sallyport.agent": principal?.agent,
    "sallyport.outcome": outcomeKey(outcome),
    "sallyport.decision": decision?.kind,
    "sallyport.rules": decision === undefined ? undefined : [...decision.because],
    "sallyport.cost_nano_usd": usage?.cost,
    "sallyport.findings": facts.findings.map(
      ({ detector, signature }) => `${detector}/${signature}`,
    ),
  });
}

const PROVIDERS: Readonly<Record<string, string>> = {
  openai: "openai",
  anthropic: "anthropic",
  gemini: "gcp.gemini",
};

function actionAttributes(action: Action, { upstream, principal }: Facts): Loose {
  switch (action.kind) {
    case "llm":
      return {
        "gen_ai.operation.name": action.operation,
        "gen_ai.provider.name": PROVIDERS[upstream.wire],
        "gen_ai.request.model": action.model,
        "gen_ai.request.max_tokens": action.outputTokens,
        "gen_ai.conversation.id": principal?.session,
      };
    case "tool":
      return {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": action.tool,
        "mcp.session.id": principal?.session,
      };
    case "mcp":
      return { "mcp.method.name": action.method, "mcp.session.id": principal?.session };
    case "http":
      return {};
    default:
      return impossible(action);
  }
}

type Loose = Readonly<Record<string, string | number | string[] | undefined>>;

function defined(attributes: Loose): TraceAttributes {
  const kept: TraceAttributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
