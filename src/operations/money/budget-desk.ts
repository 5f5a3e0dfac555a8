/** What operators do with budgets: look, and correct what counts as spent. Both leave the limit be. */
import { done, fault, type Answer } from "../../core/fault.ts";
import { changeOfTenant } from "../../core/ledger/change-of-tenant.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import type { Budget, BudgetBalance, BudgetStore, LiveHold } from "../../core/money/budget.ts";
import {
  instanceName,
  statesOf,
  stateOf,
  type BudgetState,
} from "../../core/money/budget-state.ts";
import { budgetPrefix, turnOf } from "../../core/money/holds.ts";
import { escapePart } from "../../core/money/instance.ts";
import type { Instant, TenantId } from "../../core/units.ts";

export interface BudgetReader {
  readonly store: BudgetStore;
  /** Those of the policies in force for this tenant. */
  readonly budgets: (tenant: TenantId) => Promise<readonly Budget[]>;
  readonly now: () => Instant;
}

export interface BudgetPorts extends BudgetReader {
  readonly ledger: Pick<Ledger, "change" | "healthy">;
}

/** Who corrects, and why: both are on the record. */
export interface Correction {
  readonly tenant: TenantId;
  readonly by: string;
  readonly reason: string;
}

/** Balances read for one budget, past turns included; more are not looked for. */
const BALANCES_MAX = 20_000;
const PAGE_MAX = 500;
const HOLDS_MAX = 1000;

/** Every instance with money in its present turn; a budget that nobody used stands at zero. */
export async function budgetStates(
  tenant: TenantId,
  wanted: string | undefined,
  ports: BudgetReader,
): Promise<Answer<readonly BudgetState[]>> {
  const all = await ports.budgets(tenant);
  const budgets = all.filter(({ id }) => wanted === undefined || id === wanted);
  if (wanted !== undefined && budgets.length === 0) return unknown(wanted);
  const states: BudgetState[] = [];
  for (const budget of budgets) {
    const found = await statesOfOne(tenant, budget, ports);
    if (found === undefined) return UNREADABLE;
    states.push(...found);
  }
  return done(states);
}

const NOTHING: ReadonlyMap<string, BudgetBalance> = new Map();
const UNREADABLE = fault("unavailable", "The budget store cannot be read now.");
const UNRECORDED = fault("unavailable", "Nothing was changed: the ledger cannot be written now.");

function unknown(budget: string): Answer<never> {
  return fault("not_found", `No policy in force has a budget ${budget}.`);
}

async function statesOfOne(
  tenant: TenantId,
  budget: Budget,
  { store, now }: BudgetReader,
): Promise<readonly BudgetState[] | undefined> {
  const prefix = budgetPrefix(tenant, budget.id);
  const balances: BudgetBalance[] = [];
  let after: string | undefined;
  while (balances.length < BALANCES_MAX) {
    const page = await store.list({ prefix, after, max: PAGE_MAX });
    if (page === undefined) return undefined;
    balances.push(...page);
    after = page.at(-1)?.key;
    if (page.length < PAGE_MAX) break;
  }
  const states = statesOf(budget, balances, now());
  if (states.length > 0 || budget.per.length > 0 || budget.window.kind === "session") return states;
  return [stateOf(budget, turnOf(budget, `${prefix}all|`, now()), NOTHING, now())];
}

/** What is set aside now on one instance, or on all of the budget's. */
export async function liveHolds(
  tenant: TenantId,
  budget: string,
  instance: string | undefined,
  ports: BudgetReader,
): Promise<Answer<readonly LiveHold[]>> {
  const states = await instancesOf(tenant, budget, instance, ports);
  if (states.kind === "fault") return states;
  const holds: LiveHold[] = [];
  for (const { key } of states.value) {
    holds.push(...(await ports.store.holdsOn(key, HOLDS_MAX - holds.length)));
    if (holds.length >= HOLDS_MAX) break;
  }
  return done(holds);
}

/**
 * Writes what counts as spent in the present turn. The instance need not have been used; without
 * one, all that were used are meant. What running calls hold stays, and is settled as ever.
 */
export async function setSpent(
  budget: string,
  instance: string | undefined,
  spent: number,
  ports: BudgetPorts,
  correction: Correction,
): Promise<Answer<readonly BudgetState[]>> {
  const { tenant } = correction;
  const states = await instancesOf(tenant, budget, instance, ports);
  if (states.kind === "fault") return states;
  for (const state of states.value) {
    const failed = await assignSpent(state, spent, ports, correction);
    if (failed !== undefined) return failed;
  }
  return budgetStates(tenant, budget, ports);
}

/** On the ledger first; what the store then refuses has a second record that says so. */
async function assignSpent(
  { budget, instance, key, trailing, keepUntil, spent: before }: BudgetState,
  spent: number,
  { store, ledger }: BudgetPorts,
  { tenant, by, reason }: Correction,
): Promise<Answer<never> | undefined> {
  const verb = spent === 0 ? "reset" : "set";
  const said = {
    change: `budget.${verb}`,
    about: `${budget.id}/${instanceName(instance)}`,
    by,
    detail: { reason, unit: budget.unit, before: String(before), after: String(spent) },
  };
  const change = changeOfTenant(said, tenant);
  if (!ledger.healthy || !(await ledger.change(change))) return UNRECORDED;
  const reply = await store.assign([
    { key, spent, keepUntil },
    ...trailing.map((slice) => ({ key: slice, spent: 0, keepUntil })),
  ]);
  if (reply.kind === "assigned") return undefined;
  await ledger.change({ ...change, change: `${change.change}.failed` });
  return fault("unavailable", "The store cannot be written now.", { cause: reply.cause });
}

async function instancesOf(
  tenant: TenantId,
  wanted: string,
  instance: string | undefined,
  ports: BudgetReader,
): Promise<Answer<readonly BudgetState[]>> {
  const states = await budgetStates(tenant, wanted, ports);
  if (states.kind === "fault" || instance === undefined) return states;
  const named = states.value.filter((state) => instanceName(state.instance) === instance);
  if (named.length > 0) return done(named);
  const budget = (await ports.budgets(tenant)).find(({ id }) => id === wanted);
  if (budget === undefined) return unknown(wanted);
  if (budget.window.kind === "session" || budget.per.length === 0) {
    return fault("not_found", `The budget ${wanted} has no instance ${instance}.`);
  }
  const parts = instance.split(",").map((part) => part.split("/").map(escapePart).join("/"));
  const prefix = `${budgetPrefix(tenant, wanted)}${parts.join(",")}|`;
  return done([stateOf(budget, turnOf(budget, prefix, ports.now()), NOTHING, ports.now())]);
}
