/** Many rules, one decision: deny > escalate > allow; no rule: deny. */
import type { Action, HttpAction } from "../action.ts";
import {
  DEFAULT_RULE,
  type Charge,
  type Decision,
  type RateLimit,
  type Terms,
} from "../decision.ts";
import { FORWARD_PROXY } from "../forward-proxy.ts";
import type { RuleId } from "../units.ts";
import { impossible } from "../../lib/impossible.ts";
import type { NamedCharge } from "./charge.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import { misfitOf } from "./selector.ts";
import { uniteApprovals } from "./unite-approvals.ts";

/** The decision of a set of matching rules, and what only the call itself can complete. */
export interface Combined {
  readonly decision: Decision;
  readonly named: readonly { readonly rule: RuleId; readonly charge: NamedCharge }[];
}

const NOTHING_NAMED: Combined["named"] = [];
const DEFAULT_BECAUSE: readonly RuleId[] = Object.freeze([DEFAULT_RULE]);
const PATH_CHARS_MAX = 200;
const NAME_CHARS_MAX = 200;

/** `considered`: rules that may select the action, whether their condition held or not. */
export function combine(
  matched: readonly CompiledRule[],
  considered: readonly CompiledRule[],
  agent: string,
  action: Action,
): Combined {
  const obeyed = matched.filter((rule) => !rule.shadow);
  const denials = obeyed.filter((rule) => rule.effect === "deny");
  if (denials.length > 0) return { decision: denyBy(denials, action), named: NOTHING_NAMED };
  if (obeyed.length === 0) {
    return { decision: denyByDefault(considered, agent, action), named: NOTHING_NAMED };
  }
  const approving = obeyed.filter((rule) => rule.effect === "approve");
  const terms = termsOf(obeyed, matched);
  const named = namedOf(obeyed);
  if (approving.length === 0) {
    return { decision: Object.freeze({ kind: "allow", because: idsOf(obeyed), terms }), named };
  }
  const approval = uniteApprovals(approving.map((rule) => rule.approval));
  const because = idsOf(approving);
  if (approval === undefined) {
    const detail = `Rules ${because.join(" and ")} want approvals that nobody may give together.`;
    const decision = Object.freeze({ kind: "deny", because, detail, remedy: remedyOf(approving) });
    return { decision, named: NOTHING_NAMED };
  }
  return { decision: Object.freeze({ kind: "escalate", because, approval, terms }), named };
}

/** Adds what the call named to its terms. */
export function withCharges<D extends Extract<Decision, { terms: Terms }>>(
  decision: D,
  charges: readonly Charge[],
): D {
  const all = uniteCharges([...decision.terms.charges, ...charges]);
  return { ...decision, terms: { ...decision.terms, charges: all } };
}

export function denyUnknownCharge(rule: RuleId, reason: string): Decision {
  const detail = `Rule ${rule} charges what the call names: ${reason}`;
  return {
    kind: "deny",
    because: [rule],
    detail,
    remedy: "Name the amount as a plain JSON number.",
  };
}

function idsOf(rules: readonly CompiledRule[]): readonly RuleId[] {
  return Object.freeze(rules.map((rule) => rule.id));
}

function denyBy(rules: readonly CompiledRule[], action: Action): Decision {
  const because = idsOf(rules);
  const message = rules.find((rule) => rule.message !== undefined)?.message;
  const detail = message ?? `Rule ${because[0]} denies ${describeAction(action)}.`;
  return Object.freeze({ kind: "deny", because, detail, remedy: remedyOf(rules) });
}

function denyByDefault(
  considered: readonly CompiledRule[],
  agent: string,
  action: Action,
): Decision {
  const detail = `No rule allows ${agent} to use ${describeAction(action)} in this way.`;
  const near = considered.filter(
    ({ effect, shadow, selector }) =>
      effect !== "deny" && !shadow && misfitOf(selector, action) === undefined,
  );
  const remedy = remedyOf(near) ?? neededRule(action);
  return Object.freeze({ kind: "deny", because: DEFAULT_BECAUSE, detail, remedy });
}

/** Where the agent chose the host, nobody else has said yet how a rule for it looks. */
function neededRule(action: Action): string | undefined {
  if (action.kind !== "http" || action.upstream !== FORWARD_PROXY) return undefined;
  const { host, method } = action;
  return `A rule would have to say http: { hosts: [${host}], methods: [${method}] }.`;
}

function remedyOf(rules: readonly CompiledRule[]): string | undefined {
  return rules.find((rule) => rule.remedy !== undefined)?.remedy;
}

export function describeAction(action: Action): string {
  switch (action.kind) {
    case "tool":
      return `tool ${action.upstream}.${action.tool}`;
    case "llm":
      if (action.model === "") return `${action.operation} on ${action.upstream}`;
      return `model ${action.model} (${action.operation}) on ${action.upstream}`;
    case "http":
      return describeHttp(action);
    case "mcp":
      // Asked of all servers at once, and of none by its name.
      if (action.method === "tools/call") {
        return `tool ${(action.name ?? "").slice(0, NAME_CHARS_MAX)}`;
      }
      return `${action.method}${ofName(action.name)} on ${action.upstream}`;
    default:
      return impossible(action);
  }
}

function describeHttp({ method, host, path, upstream }: HttpAction): string {
  if (method === "CONNECT") return `CONNECT to ${host}`;
  const clipped = path.slice(0, PATH_CHARS_MAX);
  return upstream === FORWARD_PROXY
    ? `${method} http://${host}${clipped}`
    : `${method} ${clipped} on ${upstream}`;
}

function ofName(name: string | undefined): string {
  return name === undefined ? "" : ` of ${name.slice(0, NAME_CHARS_MAX)}`;
}

function termsOf(obeyed: readonly CompiledRule[], matched: readonly CompiledRule[]): Terms {
  const caps = obeyed.flatMap((rule) => rule.outputTokens ?? []);
  const known = obeyed.flatMap(({ charges }) =>
    charges.flatMap((charge) => (charge.kind === "known" ? charge.charge : [])),
  );
  return Object.freeze({
    charges: uniteCharges(known),
    rates: Object.freeze(obeyed.flatMap((rule): readonly RateLimit[] => rule.rates)),
    outputTokens: caps.length === 0 ? undefined : Math.min(...caps),
    marks: Object.freeze([...new Set(obeyed.flatMap((rule) => rule.marks))]),
    checks: Object.freeze([...new Set(obeyed.flatMap((rule) => rule.checks))]),
    shadow: Object.freeze(
      matched.flatMap(({ shadow, id: rule, effect }) => (shadow ? { rule, effect } : [])),
    ),
  });
}

/** A budget is charged once for each kind; of two amounts the larger. */
export function uniteCharges(charges: readonly Charge[]): readonly Charge[] {
  const united = new Map<string, Charge>();
  for (const charge of charges) {
    const key = `${charge.kind} ${charge.budget.id}`;
    const other = united.get(key);
    const larger =
      other?.kind === "amount" && charge.kind === "amount" && charge.amount > other.amount;
    if (other === undefined || larger) united.set(key, charge);
  }
  return Object.freeze([...united.values()]);
}

function namedOf(obeyed: readonly CompiledRule[]): Combined["named"] {
  const named = obeyed.flatMap(({ id: rule, charges }) =>
    charges.flatMap((charge) => (charge.kind === "named" ? { rule, charge } : [])),
  );
  return named.length === 0 ? NOTHING_NAMED : Object.freeze(named);
}
