/** What a closed exchange is to subscribers: mostly nothing. Pure, and cheap for the many. */
import type { Facts } from "../evidence.ts";
import type { Finding } from "../inspect/finding.ts";
import type { Principal } from "../principal.ts";
import type { Happening } from "./notification.ts";

const BEHAVIOUR = "behaviour.";

export function exchangeHappenings(facts: Facts): readonly Happening[] {
  const { findings, outcome, principal } = facts;
  const code = outcome !== undefined && "code" in outcome ? outcome.code : undefined;
  if (principal === undefined || (findings.length === 0 && code === undefined)) return NOTHING;
  const happenings: Happening[] = [];
  const anomaly = findings.find(({ detector }) => detector.startsWith(BEHAVIOUR));
  if (anomaly !== undefined) happenings.push(anomalous(anomaly, facts, principal));
  const malicious = findings.find(isMalicious);
  if (malicious !== undefined) happenings.push(blocked(malicious, facts, principal));
  if (code === "definition_changed") happenings.push(changed(facts, principal));
  return happenings;
}

const NOTHING: readonly Happening[] = [];

/** Personal data and secrets that were held back are policy at work, not an attack. */
function isMalicious({ detector, action }: Finding): boolean {
  if (action !== "block" || detector.startsWith(BEHAVIOUR)) return false;
  return !detector.startsWith("pii") && detector !== "secret";
}

function anomalous(finding: Finding, facts: Facts, principal: Principal): Happening {
  const what = finding.detector.slice(BEHAVIOUR.length).replaceAll("_", " ");
  return {
    ...about(facts, principal),
    event: "anomaly",
    summary: `The agent ${principal.agent} behaves unusually: ${what}.`,
    data: { ...callOf(facts, principal), ...foundIn(finding) },
  };
}

function blocked(finding: Finding, facts: Facts, principal: Principal): Happening {
  return {
    ...about(facts, principal),
    event: "malicious_detected",
    summary: `${finding.detector} was blocked in a call of ${principal.agent} to ${facts.upstream.name}.`,
    data: { ...callOf(facts, principal), ...foundIn(finding) },
  };
}

function changed(facts: Facts, principal: Principal): Happening {
  const { action, upstream, definition } = facts;
  const tool = action?.kind === "tool" ? `${action.upstream}.${action.tool}` : upstream.name;
  return {
    tenant: principal.tenant,
    event: "definition_changed",
    // Once for each change, however often agents try.
    key: `${tool}|${definition ?? ""}`,
    subject: `tool:${tool}`,
    summary: `The definition of ${tool} has changed since it was approved; calls of it are refused.`,
    data: callOf(facts, principal),
  };
}

function about({ exchange }: Facts, { tenant, agent }: Principal) {
  return { tenant, key: exchange, subject: `agent:${agent}` };
}

function callOf({ exchange, upstream, action }: Facts, { agent, session }: Principal) {
  return {
    agent,
    session,
    exchange,
    upstream: upstream.name,
    ...(action?.kind === "tool" && { tool: action.tool }),
    ...(action?.kind === "llm" && { model: action.model }),
  };
}

function foundIn({ detector, signature, rule, score, part }: Finding) {
  return { detector, signature, rule, score, part };
}
