/** What the files share: budgets, ids that are used once, and the count of rules. */
import { closest } from "../../lib/closest.ts";
import type { DestinationFeeds } from "../destination/feed.ts";
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

/** What policies are compiled against beside themselves. */
export interface Known {
  readonly tools: ToolSchemas;
  readonly feeds: DestinationFeeds;
}

export interface Linker extends Known {
  readonly list: ProblemList;
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
  /** Whose it is; undefined: everybody's. */
  readonly tenant: TenantId | undefined;
  readonly place: Place;
  /** Whether any rule charges it. */
  readonly charged: boolean;
}

export function createLinker(
  files: readonly ParsedFile[],
  list: ProblemList,
  { tools, feeds }: Known,
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
    feeds,
    budget(name, place, tenant) {
      const own = keyOf(name, tenant);
      const key = made.has(own) ? own : keyOf(name, undefined);
      used.add(key);
      const budget = made.get(key);
      if (budget === undefined && !broken.has(name)) {
        const near = closest(name, namesFor(tenant, budgets));
        const help = near === undefined ? "define it under budgets" : `did you mean ${near}?`;
        list.report(place, `there is no budget ${name}`, help);
      }
      return budget;
    },
    definedBudgets() {
      return [...budgets].flatMap(([key, { clause, tenant }]) => {
        const budget = made.get(key);
        if (budget === undefined) return [];
        return { budget, tenant, place: clause.place, charged: used.has(key) };
      });
    },
    claim(what, { id: name, place }, tenant) {
      const own = keyOf(`${what} ${name}`, tenant);
      const first = claimed.get(keyOf(`${what} ${name}`, undefined)) ?? claimed.get(own);
      if (first === undefined) claimed.set(own, place);
      else reportTwice(`the ${what} id ${name}`, place, first, list);
    },
    nextOrder() {
      order += 1;
      return order;
    },
    reportUnused(warnings) {
      for (const [key, { clause }] of budgets) {
        if (used.has(key)) continue;
        const message = `no rule charges the budget ${clause.id}`;
        warnings.report(clause.place, message, `charge: ${clause.id}`);
      }
    },
  };
}

interface OwnedBudget {
  readonly clause: BudgetClause;
  readonly tenant: TenantId | undefined;
}

type OwnedBudgets = ReadonlyMap<string, OwnedBudget>;

function collectBudgets(files: readonly ParsedFile[], list: ProblemList): OwnedBudgets {
  const budgets = new Map<string, OwnedBudget>();
  for (const { tree, tenant } of files) {
    for (const clause of tree.budgets) {
      const own = keyOf(clause.id, tenant);
      const first = budgets.get(keyOf(clause.id, undefined)) ?? budgets.get(own);
      if (first === undefined) budgets.set(own, { clause, tenant });
      else reportTwice(`the budget ${clause.id}`, clause.place, first.clause.place, list);
    }
  }
  return budgets;
}

/** No tenant learns the names of another's. */
function namesFor(tenant: TenantId | undefined, budgets: OwnedBudgets): readonly string[] {
  return [...budgets.values()].flatMap(({ clause, tenant: owner }) =>
    owner === undefined || owner === tenant ? clause.id : [],
  );
}

/** Names of one tenant are apart from those of another. */
function keyOf(name: string, tenant: TenantId | undefined): string {
  return `${name} ${tenant ?? ""}`;
}

function reportTwice(what: string, place: Place, first: Place, list: ProblemList): void {
  const where = `it stands at ${first.file}:${first.line} already`;
  list.report(place, `${what} is used twice`, `${where}; ids are unique over all files`);
}

function budgetOf({ id: name, kind: _kind, place: _place, ...rest }: BudgetClause): Budget {
  return Object.freeze({ id: id<BudgetId>(name), ...rest });
}
