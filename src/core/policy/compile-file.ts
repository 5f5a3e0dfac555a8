/** One syntax tree → compiled rules, linked to the budgets of all files. */
import { closest } from "../../lib/closest.ts";
import type { RateLimit } from "../decision.ts";
import type { Budget } from "../money/budget.ts";
import { CLEARANCE_DEFAULT } from "../identity/directory-entry.ts";
import { id, type BudgetId, type RuleId } from "../units.ts";
import type { Audience } from "./audience.ts";
import { compileCharge } from "./compile-charge.ts";
import { checkRule } from "./check-rule.ts";
import { compileCondition, reportFault, type Condition } from "./condition.ts";
import { unknownArguments, type ToolSchemas } from "./tool-schemas.ts";
import { RESERVED_IDS, type CompiledRule } from "./compiled-rule.ts";
import { matchesName, nameGlob, type Glob } from "./glob.ts";
import type { CompiledInspection } from "./inspections.ts";
import type {
  BudgetClause,
  ConditionClause,
  GlobClause,
  InspectClause,
  LimitClause,
  PolicyFile,
  RuleClause,
  SelectorClause,
  TestClause,
} from "./policy-file.ts";
import { compileSelector } from "./selector.ts";
import type { Place, ProblemList } from "./source-text.ts";

export interface CompiledFile {
  readonly file: string;
  /** Rules in mode `off` are checked, then left out. */
  readonly rules: readonly CompiledRule[];
  readonly inspections: readonly CompiledInspection[];
  readonly tests: readonly TestClause[];
  /** Who is not told why it is denied. */
  readonly opaqueTo: readonly Audience[];
}

/** What files share: ids, budgets, and the count of rules. */
export interface Linker {
  readonly list: ProblemList;
  readonly tools: ToolSchemas;
  budget(name: string, place: Place): Budget | undefined;
  claim(what: "rule" | "inspect entry", name: string, place: Place): void;
  nextOrder(): number;
  reportUnused(warnings: ProblemList): void;
  /** All that the files define, in their order. */
  definedBudgets(): readonly DefinedBudget[];
}

export interface DefinedBudget {
  readonly budget: Budget;
  readonly place: Place;
  /** Whether any rule charges it. */
  readonly charged: boolean;
}

export function createLinker(
  files: readonly PolicyFile[],
  list: ProblemList,
  tools: ToolSchemas,
): Linker {
  const budgets = collectBudgets(files, list);
  const made = new Map([...budgets].map(([name, clause]) => [name, budgetOf(clause)]));
  const broken = new Set(files.flatMap((file) => file.brokenBudgets));
  const used = new Set<string>();
  const claimed = new Map<string, Place>();
  let order = 0;
  return {
    list,
    tools,
    budget(name, place) {
      used.add(name);
      const budget = made.get(name);
      if (budget === undefined && !broken.has(name)) {
        const near = closest(name, budgets.keys());
        const help = near === undefined ? "define it under budgets" : `did you mean ${near}?`;
        list.report(place, `there is no budget ${name}`, help);
      }
      return budget;
    },
    definedBudgets() {
      return [...budgets.values()].flatMap(({ id: name, place }) => {
        const budget = made.get(name);
        return budget === undefined ? [] : { budget, place, charged: used.has(name) };
      });
    },
    claim(what, name, place) {
      const first = claimed.get(`${what} ${name}`);
      if (first === undefined) claimed.set(`${what} ${name}`, place);
      else reportTwice(`the ${what} id ${name}`, place, first, list);
    },
    nextOrder() {
      order += 1;
      return order;
    },
    reportUnused(warnings) {
      for (const { id: name, place } of budgets.values()) {
        if (used.has(name)) continue;
        warnings.report(place, `no rule charges the budget ${name}`, `charge: ${name}`);
      }
    },
  };
}

function collectBudgets(
  files: readonly PolicyFile[],
  list: ProblemList,
): ReadonlyMap<string, BudgetClause> {
  const budgets = new Map<string, BudgetClause>();
  for (const clause of files.flatMap((file) => file.budgets)) {
    const first = budgets.get(clause.id);
    if (first === undefined) budgets.set(clause.id, clause);
    else reportTwice(`the budget ${clause.id}`, clause.place, first.place, list);
  }
  return budgets;
}

function reportTwice(what: string, place: Place, first: Place, list: ProblemList): void {
  const where = `it stands at ${first.file}:${first.line} already`;
  list.report(place, `${what} is used twice`, `${where}; ids are unique over all files`);
}

function budgetOf({ id: name, kind: _kind, place: _place, ...rest }: BudgetClause): Budget {
  return Object.freeze({ id: id<BudgetId>(name), ...rest });
}

export function compileFile(file: PolicyFile, linker: Linker): CompiledFile {
  const whole: Audience = {
    fileAgents: globsOf(file.agents),
    tenants: globsOf(file.tenants),
    agents: [],
    clearance: CLEARANCE_DEFAULT,
  };
  const compiled = file.rules.flatMap((clause) => {
    const rule = compileRule(clause, whole, linker);
    return clause.mode === "off" ? [] : rule;
  });
  const inspections = file.inspections.map((clause) => {
    linker.claim("inspect entry", clause.id, clause.place);
    return compileInspection(clause, whole, file.mode === "shadow");
  });
  return {
    file: file.file,
    rules: compiled,
    inspections: file.mode === "off" ? [] : inspections,
    tests: file.tests,
    opaqueTo: file.opaque && file.mode !== "off" ? [whole] : [],
  };
}

function compileRule(clause: RuleClause, whole: Audience, linker: Linker): CompiledRule {
  const { list } = linker;
  const ruleId = id<RuleId>(clause.id);
  linker.claim("rule", clause.id, clause.place);
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
    charges: clause.charges.flatMap((charge) => compileCharge(charge, kind, linker) ?? []),
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
  whole: Audience,
  shadow: boolean,
): CompiledInspection {
  const { id: name, find, scoreMin, action, domains } = clause;
  const marks = shadow ? [] : clause.marks;
  const rule = {
    id: name,
    find,
    scoreMin,
    action: shadow ? "report" : action,
    domains,
    marks,
  } as const;
  return {
    ...whole,
    agents: globsOf(clause.agents ?? []),
    on: clause.on,
    rule: Object.freeze(rule),
    exceptions: clause.exceptions.map(({ tools, fields, signatures, until }) => ({
      tools: tools.map(nameGlob),
      until,
      exception: { fields: fields.map(nameTest), signatures: signatures.map(nameTest) },
    })),
  };
}

function nameTest(text: string): (name: string) => boolean {
  const glob = nameGlob(text);
  return (name) => matchesName(glob, name);
}

function globsOf(clauses: readonly GlobClause[]): readonly Glob[] {
  return clauses.map(({ text }) => nameGlob(text));
}
