/** One syntax tree → compiled rules, linked to the budgets of all files. */
import type { RateLimit } from "../decision.ts";
import { CLEARANCE_DEFAULT } from "../identity/directory-entry.ts";
import { id, type RuleId, type TenantId } from "../units.ts";
import type { Audience } from "./audience.ts";
import { compileCharge } from "./compile-charge.ts";
import { checkRule } from "./check-rule.ts";
import { compileCondition, reportFault, type Condition } from "./condition.ts";
import { unknownArguments } from "./tool-schemas.ts";
import { RESERVED_IDS, type CompiledRule } from "./compiled-rule.ts";
import { matchesName, nameGlob, type Glob } from "./glob.ts";
import type { CompiledInspection } from "./inspections.ts";
import type {
  ConditionClause,
  GlobClause,
  InspectClause,
  LimitClause,
  RuleClause,
  SelectorClause,
  TestClause,
} from "./policy-file.ts";
import type { Linker, ParsedFile } from "./policy-linker.ts";
import { compileSelector } from "./selector.ts";
import type { Place } from "./source-text.ts";

export interface CompiledFile {
  readonly file: string;
  /** Whose it is, where one tenant made it. */
  readonly tenant: TenantId | undefined;
  /** Rules in mode `off` are checked, then left out. */
  readonly rules: readonly CompiledRule[];
  readonly inspections: readonly CompiledInspection[];
  readonly tests: readonly TestClause[];
  /** Who is not told why it is denied. */
  readonly opaqueTo: readonly Audience[];
}

export function compileFile({ tree: file, tenant }: ParsedFile, linker: Linker): CompiledFile {
  const whole: Audience = {
    fileAgents: globsOf(file.agents),
    tenants: tenant === undefined ? globsOf(file.tenants) : [nameGlob(tenant)],
    agents: [],
    clearance: CLEARANCE_DEFAULT,
  };
  const compiled = file.rules.flatMap((clause) => {
    const rule = compileRule(clause, { whole, tenant }, linker);
    return clause.mode === "off" ? [] : rule;
  });
  const inspections = file.inspections.map((clause) => {
    linker.claim("inspect entry", clause, tenant);
    return compileInspection(clause, { whole, shadow: file.mode === "shadow" }, linker);
  });
  return {
    file: file.file,
    tenant,
    rules: compiled,
    inspections: file.mode === "off" ? [] : inspections,
    tests: file.tests,
    opaqueTo: file.opaque && file.mode !== "off" ? [whole] : [],
  };
}

interface Owner {
  readonly whole: Audience;
  readonly tenant: TenantId | undefined;
}

function compileRule(clause: RuleClause, { whole, tenant }: Owner, linker: Linker): CompiledRule {
  const { list } = linker;
  const linking = {
    list,
    budget: (name: string, place: Place) => linker.budget(name, place, tenant),
  };
  const ruleId = id<RuleId>(clause.id);
  linker.claim("rule", clause, tenant);
  if (RESERVED_IDS.includes(clause.id)) {
    list.report(clause.place, `${clause.id} is the id of a rule that is always there`, "rename it");
  }
  checkRule(clause, whole.fileAgents, list);
  const { kind } = clause.selector;
  const condition = clause.when && compileCondition(clause.when, kind, list);
  if (clause.when !== undefined && condition !== undefined) {
    checkArguments(clause.selector, clause.when, condition, linker);
  }
  if (clause.when !== undefined && condition?.constant === false) {
    list.report(clause.when.place, "this is never true, so the rule can never match", "remove it");
  }
  return Object.freeze({
    kind: "compiled_rule",
    id: ruleId,
    place: clause.place,
    order: linker.nextOrder(),
    effect: clause.effect,
    shadow: clause.mode === "shadow",
    fileAgents: whole.fileAgents,
    tenants: whole.tenants,
    agents: globsOf(clause.agents ?? []),
    clearance: clause.clearance,
    selector: compileSelector(clause.selector, clause.effect),
    condition: condition?.constant === true ? undefined : condition,
    approval: Object.freeze(clause.approval),
    rates: clause.limits.map((limit) => withRule(limit, ruleId)),
    outputTokens: clause.outputTokens,
    marks: clause.marks,
    checks: clause.checks,
    charges: clause.charges.flatMap((charge) => compileCharge(charge, kind, linking) ?? []),
    message: clause.message,
    remedy: clause.remedy,
    severity: clause.severity,
    category: clause.category,
    notify: clause.notify,
  });
}

function withRule(limit: LimitClause, rule: RuleId): RateLimit {
  const { allowance, scope } = limit;
  if (limit.kind === "places") return Object.freeze({ kind: "places", rule, allowance, scope });
  const { counts, per } = limit;
  return Object.freeze({ kind: "rate", rule, counts, allowance, per, scope });
}

/** An argument that no selected tool has would make the condition fail at each call. */
function checkArguments(
  selector: SelectorClause,
  when: ConditionClause,
  { argumentPaths }: Condition,
  { tools, list }: Linker,
): void {
  if (selector.kind !== "tool") return;
  const globs = selector.tools.map(({ text }) => text);
  for (const fault of unknownArguments(globs, argumentPaths, tools)) {
    reportFault(when, fault, list);
  }
}

function compileInspection(
  clause: InspectClause,
  { whole, shadow }: { readonly whole: Audience; readonly shadow: boolean },
  { feeds }: Linker,
): CompiledInspection {
  const { id: name, find, scoreMin, action, domains } = clause;
  const marks = shadow ? [] : clause.marks;
  const rule = {
    id: name,
    find,
    scoreMin,
    action: shadow ? "report" : action,
    domains,
    ...(find.some(isAboutAddresses) && { feeds }),
    marks,
    restores: clause.restores,
  } as const;
  return {
    ...whole,
    agents: globsOf(clause.agents ?? []),
    on: clause.on,
    calls: clause.calls,
    rule: Object.freeze(rule),
    exceptions: clause.exceptions.map(({ tools, fields, signatures, until }) => ({
      tools: tools.map(nameGlob),
      until,
      exception: { fields: fields.map(nameTest), signatures: signatures.map(nameTest) },
    })),
  };
}

function isAboutAddresses(name: string): boolean {
  return name === "destination" || name.startsWith("destination.");
}

function nameTest({ text }: GlobClause): (name: string) => boolean {
  const glob = nameGlob(text);
  return (name) => matchesName(glob, name);
}

function globsOf(clauses: readonly GlobClause[]): readonly Glob[] {
  return clauses.map(({ text }) => nameGlob(text));
}
