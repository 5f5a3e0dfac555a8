/** What the files share: budgets, ids that are used once, and the count of rules. */
import { closest } from "../../lib/closest.ts";
import type { Budget } from "../money/budget.ts";
import { id, type BudgetId, type TenantId } from "../units.ts";
import type { BudgetClause, PolicyFile } from "./policy-file.ts";
import type { Place, ProblemList } from "./source-text.ts";
import type { ToolSchemas } from "./tool-schemas.ts";

/** A file as it was read, and whose it is; undefined: everybody's. */
export interface ParsedFile {
  readonly tree: PolicyFile;
  readonly tenant: TenantId | undefined;
}

export interface Linker {
  readonly list: ProblemList;
  readonly tools: ToolSchemas;
  /** One of everybody's, or of this tenant. */
  budget(name: string, place: Place, tenant: TenantId | undefined): Budget | undefined;
  /** An id is unique among everybody's and its tenant's. */
  claim(
    what: "rule" | "inspect entry",
    { id, place }: Identified,
    tenant: TenantId | undefined,
  ): void;
  nextOrder(): number;
  reportUnused(warnings: ProblemList): void;
  /** All that the files define, in their order. */
  definedBudgets(): readonly DefinedBudget[];
}

interface Identified {
  readonly id: string;
  readonly place: Place;
}

export interface DefinedBudget {
  readonly budget: Budget;
  readonly place: Place;
  /** Whether any rule charges it. */
  readonly charged: boolean;
}

export function createLinker(
  files: readonly ParsedFile[],
  list: ProblemList,
  tools: ToolSchemas,
): Linker {
  const budgets = collectBudgets(files, list);
  const made = new Map([...budgets].map(([name, { clause }]) => [name, budgetOf(clause)]));
  const broken = new Set(files.flatMap(({ tree }) => tree.brokenBudgets));
  const used = new Set<string>();
  const claimed = new Map<string, Place>();
  let order = 0;
  return {
    list,
    tools,
    budget(name, place, tenant) {
      used.add(name);
      const owner = budgets.get(name)?.tenant;
      const budget = owner === undefined || owner === tenant ? made.get(name) : undefined;
      if (budget === undefined && !broken.has(name)) {
        const near = closest(name, namesFor(tenant, budgets));
        const help = near === undefined ? "define it under budgets" : `did you mean ${near}?`;
        list.report(place, `there is no budget ${name}`, help);
      }
      return budget;
    },
    definedBudgets() {
      return [...budgets.values()].flatMap(({ clause: { id: name, place } }) => {
        const budget = made.get(name);
        return budget === undefined ? [] : { budget, place, charged: used.has(name) };
      });
    },
    claim(what, { id: name, place }, tenant) {
      const own = `${what} ${name} ${tenant ?? ""}`;
      const first = claimed.get(`${what} ${name} `) ?? claimed.get(own);
      if (first === undefined) claimed.set(own, place);
      else reportTwice(`the ${what} id ${name}`, place, first, list);
    },
    nextOrder() {
      order += 1;
      return order;
    },
    reportUnused(warnings) {
      for (const { id: name, place } of [...budgets.values()].map(({ clause }) => clause)) {
        if (used.has(name)) continue;
        warnings.report(place, `no rule charges the budget ${name}`, `charge: ${name}`);
      }
    },
  };
}

interface OwnedBudget {
  readonly clause: BudgetClause;
  readonly tenant: TenantId | undefined;
}

type OwnedBudgets = ReadonlyMap<string, OwnedBudget>;

/** Budgets are told apart by their names alone, in stores and reports: no two have the same. */
function collectBudgets(files: readonly ParsedFile[], list: ProblemList): OwnedBudgets {
  const budgets = new Map<string, OwnedBudget>();
  for (const { tree, tenant } of files) {
    for (const clause of tree.budgets) {
      const first = budgets.get(clause.id);
      if (first === undefined) budgets.set(clause.id, { clause, tenant });
      else reportTwice(`the budget ${clause.id}`, clause.place, first.clause.place, list);
    }
  }
  return budgets;
}

/** No tenant learns the names of another's. */
function namesFor(tenant: TenantId | undefined, budgets: OwnedBudgets): readonly string[] {
  return [...budgets].flatMap(([name, { tenant: owner }]) =>
    owner === undefined || owner === tenant ? name : [],
  );
}

function reportTwice(what: string, place: Place, first: Place, list: ProblemList): void {
  const where = `it stands at ${first.file}:${first.line} already`;
  list.report(place, `${what} is used twice`, `${where}; ids are unique over all files`);
}

function budgetOf({ id: name, kind: _kind, place: _place, ...rest }: BudgetClause): Budget {
  return Object.freeze({ id: id<BudgetId>(name), ...rest });
}
