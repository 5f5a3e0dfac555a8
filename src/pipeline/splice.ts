/**
 * Part of stage 4: a secret of which one half left with the request before. Only where an `inspect`
 * entry looks for secrets.
 */
import type { Facts } from "../core/evidence.ts";
import { blockRefusal } from "../core/inspect/block-refusal.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import { spliceSecrets, type OpenEndStore } from "../core/inspect/secret-splicer.ts";
import type { JsonValue } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import type { Scannable } from "./ask.ts";

const WHOLE: Verdict<undefined> = pass(undefined);
/** Where LLM wires keep the conversation; tools and parameters are no part of it. */
const CONVERSATIONS = ["messages", "input", "contents", "prompt"];

/** The first half has left already, so to redact is to block. */
export function splice(
  scannable: Scannable,
  inspection: Inspection,
  facts: Facts,
  ends: OpenEndStore<Principal>,
): Verdict<undefined> {
  const said = saidIn(scannable, facts);
  if (said === undefined || facts.principal === undefined) return WHOLE;
  const found = spliceSecrets(inspection, ends.of(facts.principal), said);
  if (found === undefined) return WHOLE;
  facts.findings = [...facts.findings, found];
  return found.action === "report" ? WHOLE : halt(blockRefusal("request_blocked", found));
}

function saidIn(scannable: Scannable, { action }: Facts): JsonValue | undefined {
  switch (action?.kind) {
    case "llm": {
      const member = CONVERSATIONS.find((name) => action.body[name] !== undefined);
      return member === undefined ? undefined : action.body[member];
    }
    case "tool":
      return action.args;
    case "http":
      if (scannable.kind === "text") return scannable.text;
      return scannable.kind === "json" || scannable.kind === "form" ? scannable.value : undefined;
    case "mcp":
    case undefined:
      return undefined;
  }
}
