/**
 * What a tenant asked for in Haldir's words: kept with the bundle that was made of it (see
 * `policy-rules.ts`), to be shown and added to.
 */
import { done, fault, type Answer } from "../../core/fault.ts";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

export interface HaldirDocument {
  /** Names of the upstreams that were registered here. */
  readonly upstreams: readonly string[];
  readonly policies: readonly ProxyPolicy[];
  readonly approvalRules: readonly ApprovalRule[];
}

/** `kind` is the documents' `type`. */
export type ProxyPolicy =
  | { readonly kind: "block_tool"; readonly tool: string }
  | { readonly kind: "allow_list" | "deny_list"; readonly tools: readonly string[] }
  | { readonly kind: "spend_limit"; readonly max: number }
  | { readonly kind: "rate_limit"; readonly maxPerMinute: number }
  | { readonly kind: "time_window"; readonly startHour: number; readonly endHour: number };

export type ApprovalRule =
  | { readonly kind: "spend_over"; readonly threshold: number }
  | { readonly kind: "tool_blocked"; readonly tools: readonly string[] }
  | { readonly kind: "destructive" | "all" };

export const POLICY_TYPES = [
  "block_tool",
  "allow_list",
  "deny_list",
  "spend_limit",
  "rate_limit",
  "time_window",
] as const satisfies readonly ProxyPolicy["kind"][];
export const RULE_TYPES = [
  "spend_over",
  "tool_blocked",
  "destructive",
  "all",
] as const satisfies readonly ApprovalRule["kind"][];

export const EMPTY: HaldirDocument = { upstreams: [], policies: [], approvalRules: [] };

const TOOLS_MAX = 128;
const USD_MAX = 9_007_199;
const PER_MINUTE_MAX = 1_000_000;
/** A tool, or `upstream.tool`. */
const TOOL = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}$/u;

export function readPolicy(body: JsonObject): Answer<ProxyPolicy> {
  const kind = POLICY_TYPES.find((type) => type === body["type"]);
  switch (kind) {
    case "block_tool": {
      const { tool } = body;
      return isTool(tool) ? done({ kind, tool }) : missing("tool", "a tool's name");
    }
    case "allow_list":
    case "deny_list": {
      const tools = toolsIn(body["tools"]);
      return tools === undefined ? missing("tools", LIST_OF_TOOLS) : done({ kind, tools });
    }
    case "spend_limit": {
      const max = numberIn(body["max"], 0, USD_MAX);
      return max === undefined ? missing("max", AMOUNT) : done({ kind, max });
    }
    case "rate_limit": {
      const maxPerMinute = integerIn(body["max_per_minute"], 1, PER_MINUTE_MAX);
      const wants = `a whole number from 1 to ${PER_MINUTE_MAX}`;
      return maxPerMinute === undefined
        ? missing("max_per_minute", wants)
        : done({ kind, maxPerMinute });
    }
    case "time_window": {
      const startHour = integerIn(body["start_hour"], 0, 24);
      const endHour = integerIn(body["end_hour"], 0, 24);
      if (startHour === undefined) return missing("start_hour", HOUR);
      return endHour === undefined ? missing("end_hour", HOUR) : done({ kind, startHour, endHour });
    }
    case undefined:
      return missing("type", `one of ${POLICY_TYPES.join(", ")}`);
  }
}

export function readRule(body: JsonObject): Answer<ApprovalRule> {
  const kind = RULE_TYPES.find((type) => type === body["type"]);
  switch (kind) {
    case "spend_over": {
      const threshold = numberIn(body["threshold"] ?? 0, 0, USD_MAX);
      return threshold === undefined ? missing("threshold", AMOUNT) : done({ kind, threshold });
    }
    case "tool_blocked": {
      const tools = toolsIn(body["tools"]);
      return tools === undefined ? missing("tools", LIST_OF_TOOLS) : done({ kind, tools });
    }
    case "destructive":
    case "all":
      return done({ kind });
    case undefined:
      return missing("type", `one of ${RULE_TYPES.join(", ")}`);
  }
}

/** As it was sent. */
export function policyJson(policy: ProxyPolicy): JsonObject {
  switch (policy.kind) {
    case "block_tool":
      return { type: policy.kind, tool: policy.tool };
    case "allow_list":
    case "deny_list":
      return { type: policy.kind, tools: policy.tools };
    case "spend_limit":
      return { type: policy.kind, max: policy.max };
    case "rate_limit":
      return { type: policy.kind, max_per_minute: policy.maxPerMinute };
    case "time_window":
      return { type: policy.kind, start_hour: policy.startHour, end_hour: policy.endHour };
  }
}

function ruleJson(rule: ApprovalRule): JsonObject {
  switch (rule.kind) {
    case "spend_over":
      return { type: rule.kind, threshold: rule.threshold };
    case "tool_blocked":
      return { type: rule.kind, tools: rule.tools };
    case "destructive":
    case "all":
      return { type: rule.kind };
  }
}

export function documentJson({ upstreams, policies, approvalRules }: HaldirDocument): JsonObject {
  return {
    upstreams,
    policies: policies.map(policyJson),
    approval_rules: approvalRules.map(ruleJson),
  };
}

/** The way back. Throws TypeError for what was never written here. */
export function readDocument(json: JsonValue): HaldirDocument {
  if (!isJsonObject(json)) throw new TypeError("the bundle holds no document of ours");
  const { upstreams = [], policies = [], approval_rules: rules = [] } = json;
  const names = isJsonArray(upstreams) ? upstreams : [];
  return {
    upstreams: names.filter((name) => typeof name === "string"),
    policies: eachOf(policies, readPolicy),
    approvalRules: eachOf(rules, readRule),
  };
}

function eachOf<T>(list: JsonValue, read: (one: JsonObject) => Answer<T>): readonly T[] {
  return (isJsonArray(list) ? list : []).map((one) => {
    const answer = isJsonObject(one) ? read(one) : undefined;
    if (answer?.kind !== "done") throw new TypeError("the bundle holds a policy not of ours");
    return answer.value;
  });
}

const LIST_OF_TOOLS = `a list of 1 to ${TOOLS_MAX} tools' names`;
const AMOUNT = `a number of USD from 0 to ${USD_MAX}`;
const HOUR = "an hour of the day in UTC, 0 to 24";

function missing(member: string, wants: string): Answer<never> {
  return fault("invalid", `${member}: must be ${wants}`, { pointer: `/${member}` });
}

function isTool(value: JsonValue | undefined): value is string {
  return typeof value === "string" && TOOL.test(value);
}

function toolsIn(value: JsonValue | undefined): readonly string[] | undefined {
  if (!isJsonArray(value) || value.length === 0 || value.length > TOOLS_MAX) return undefined;
  const tools = value.filter(isTool);
  return tools.length === value.length ? tools : undefined;
}

function numberIn(value: JsonValue | undefined, min: number, max: number): number | undefined {
  return typeof value === "number" && value >= min && value <= max ? value : undefined;
}

function integerIn(value: JsonValue | undefined, min: number, max: number): number | undefined {
  return Number.isInteger(value) ? numberIn(value, min, max) : undefined;
}
