/**
 * Haldir's policies as one file of our policy language. Each of them denies what it is against, so
 * that all must agree; one rule allows what was registered, to whoever has a session.
 */
import type { JsonObject } from "../../core/json.ts";
import { AUTHORIZE_SPEND, OWN_SERVER } from "../../core/own-server.ts";
import type { ApprovalRule, HaldirDocument, ProxyPolicy } from "./policy-document.ts";

/** Of whatever a session may spend; the session's own limit is what binds. */
const SPENDING = { limit: "9007199 USD", per: "session", window: "session" };
const SPENDING_BUDGET = "haldir-spending";
const RATE_BUDGET = "haldir-rate";

/** Names that tools of deleting, writing, executing and sending have. */
const DESTRUCTIVE =
  "(?i)(^|[^a-z])(delete|remove|drop|destroy|purge|wipe|truncate|revoke|" +
  "write|create|update|insert|set|put|patch|edit|modify|upload|" +
  "execute|exec|run|deploy|shell|eval|send|email|mail|post|publish|message|transfer|pay|charge)";

const IN_SESSION = 'session.id.startsWith("ses_")';
const PROXIED = `tool.upstream != "${OWN_SERVER}"`;
/** Fails, and so denies, for what is no plain number. */
const BAD_AMOUNT = "has(args.amount) && !(args.amount >= 0)";

/** YAML is what policy files are written in, and JSON is YAML. */
export function policyFile(document: HaldirDocument): string {
  const file = {
    version: 1,
    agents: ["*"],
    budgets: { [SPENDING_BUDGET]: SPENDING, ...rateBudget(document) },
    rules: [
      ...toolRules(document),
      spendingRule(),
      ...document.policies.flatMap((policy, at) => policyRules(policy, `haldir-policy-${at + 1}`)),
      ...document.approvalRules.map((rule, at) => approvalRule(rule, `haldir-approval-${at + 1}`)),
      ...amountRule(document),
    ],
    inspect: [WATCH],
  };
  return JSON.stringify(file, null, 2);
}

/** Who behaves unusually is flagged in the record, and told of. */
const WATCH: JsonObject = {
  id: "haldir-watch",
  on: ["request"],
  find: ["behaviour.rapid_fire", "behaviour.unusual_tool", "behaviour.high_cost"],
  at: "low",
  do: "report",
};

/** As many calls as any of the limits allows, in any minute. */
function rateBudget({ policies }: HaldirDocument): JsonObject {
  const rates = policies.flatMap((one) => (one.kind === "rate_limit" ? [one.maxPerMinute] : []));
  if (rates.length === 0) return {};
  const limit = `${Math.min(...rates)} calls`;
  return { [RATE_BUDGET]: { limit, per: "agent", window: "rolling 60s" } };
}

function toolRules(document: HaldirDocument): readonly JsonObject[] {
  const { upstreams } = document;
  if (upstreams.length === 0) return [];
  const isLimited = Object.keys(rateBudget(document)).length > 0;
  const rule: JsonObject = {
    id: "haldir-tools",
    tools: upstreams.map((name) => `${name}.*`),
    when: IN_SESSION,
    effect: "allow",
    ...(isLimited && { charge: RATE_BUDGET }),
  };
  return [rule];
}

function spendingRule(): JsonObject {
  return {
    id: "haldir-spending",
    tools: [`${OWN_SERVER}.${AUTHORIZE_SPEND}`],
    when: IN_SESSION,
    effect: "allow",
    charge: { budget: SPENDING_BUDGET, amount: "args.amount", currency: "args.currency" },
  };
}

function policyRules(policy: ProxyPolicy, id: string): readonly JsonObject[] {
  const deny = (condition: string, message: string): readonly JsonObject[] => [
    { id, tools: ["*"], when: `${PROXIED} && ${condition}`, effect: "deny", message },
  ];
  switch (policy.kind) {
    case "block_tool": {
      const message = `Tool '${policy.tool}' is blocked by policy.`;
      return [{ id, tools: globsOf([policy.tool]), effect: "deny", message }];
    }
    case "deny_list": {
      const message = "The tool is on a deny list.";
      return [{ id, tools: globsOf(policy.tools), effect: "deny", message }];
    }
    case "allow_list": {
      const whole = policy.tools.filter((tool) => tool.includes("."));
      const listed = `(tool.name in ${JSON.stringify(policy.tools)} ||
        (tool.upstream + "." + tool.name) in ${JSON.stringify(whole)})`;
      return deny(`!${listed}`, "The tool is not on the allow list.");
    }
    case "spend_limit": {
      const over = `has(args.amount) && args.amount > ${numberText(policy.max)}`;
      return deny(over, `The amount exceeds the limit of $${policy.max} a call.`);
    }
    case "time_window": {
      const { startHour, endHour } = policy;
      const window = `${startHour}:00 to ${endHour}:00 UTC`;
      return deny(`!(${withinHours(startHour, endHour)})`, `Tools may be called from ${window}.`);
    }
    case "rate_limit":
      return [];
  }
}

/** From 22 to 6 is over midnight; from 9 to 9 is no time at all. */
function withinHours(start: number, end: number): string {
  const hour = "now.getHours()";
  const join = start <= end ? "&&" : "||";
  return `${hour} >= ${start} ${join} ${hour} < ${end}`;
}

function approvalRule(rule: ApprovalRule, id: string): JsonObject {
  const approval = { expires: "1h", hold_max: "0s" };
  const ask = { id, effect: "approve", approval };
  switch (rule.kind) {
    case "spend_over": {
      const when = `has(args.amount) && args.amount > ${numberText(rule.threshold)}`;
      return { ...ask, tools: ["*"], when };
    }
    case "tool_blocked":
      return { ...ask, tools: globsOf(rule.tools) };
    case "destructive":
      return {
        ...ask,
        tools: ["*"],
        when: `${PROXIED} && re(tool.name, ${JSON.stringify(DESTRUCTIVE)})`,
      };
    case "all":
      return { ...ask, tools: ["*"], when: PROXIED };
  }
}

/** A rule about amounts must not be passed by one that is no amount. */
function amountRule({ policies, approvalRules }: HaldirDocument): readonly JsonObject[] {
  const isAsked =
    policies.some(({ kind }) => kind === "spend_limit") ||
    approvalRules.some(({ kind }) => kind === "spend_over");
  if (!isAsked) return [];
  const message = "arguments.amount must be a number that is not below zero.";
  return [{ id: "haldir-amounts", tools: ["*"], when: BAD_AMOUNT, effect: "deny", message }];
}

/** A bare name is that tool on every upstream; one with a dot may also be a tool's whole name. */
function globsOf(tools: readonly string[]): readonly string[] {
  const globs = tools.flatMap((tool) => (tool.includes(".") ? [tool, `*.${tool}`] : [`*.${tool}`]));
  return [...new Set(globs)];
}

/** CEL wants digits on both sides of a point and no exponent without one. */
function numberText(value: number): string {
  return value.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 9 });
}
