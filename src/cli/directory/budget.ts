/** `sallyport budget`: how budgets stand, and corrections that leave their reason on the record. */
import { Command } from "commander";
import type { Config } from "../../app/config/config.ts";
import { prepareDataDirectory } from "../../app/ports/data-directory.ts";
import { openDirectoryStore } from "../../app/ports/open-directory-store.ts";
import { openPolicyDesk } from "../../app/policies/policy-desk.ts";
import { openCounters } from "../../app/ports/open-counters.ts";
import { NOBODY_TOLD } from "../../app/observe/store-events.ts";
import type { Answer } from "../../core/fault.ts";
import { amountText, unitsOf, unitName } from "../../core/money/amount-text.ts";
import type { Budget } from "../../core/money/budget.ts";
import { instanceName, type BudgetState } from "../../core/money/budget-state.ts";
import { windowText } from "../../core/money/window-text.ts";
import type { TenantId } from "../../core/units.ts";
import { printable } from "../../lib/printable.ts";
import { budgetStates, setSpent, type BudgetReader } from "../../operations/money/budget-desk.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { openLedger } from "../../stores/ledger/open-ledger.ts";
import { CommandFailure } from "../command-failure.ts";
import { loadFor } from "../config-options.ts";
import { tenantOf } from "./directory-desk.ts";
import { EXIT } from "../exit-code.ts";
import type { Shell } from "../shell.ts";
import { now } from "../../app/now.ts";

const EXAMPLES = `
Examples:
  $ sallyport budget show                       every budget, what is spent, held and left
  $ sallyport budget set llm-day 2.50 --instance support-bot --reason "refunded"
  $ sallyport budget reset llm-day --reason "the runaway job was ours"

Limits are policy: raise one in its file, it is in force at once. What is held by running calls stays.`;

type Options = Readonly<Record<string, unknown>>;

export function budgetCommand(shell: Shell): Command {
  const command = new Command("budget").addHelpText("after", EXAMPLES);
  onStore(command.command("show").description("print what is spent, held and left now"))
    .argument("[budget]", "only this one")
    .option("--json", "print JSON, for programs")
    .action((budget: string | undefined, options: Options) => show(budget, options, shell));
  const reason = "--reason <text>";
  onStore(command.command("set").description("set what counts as spent in this window"))
    .argument("<budget>")
    .argument("<spent>", "in the budget's unit: 2.50 for dollars, 1000 for tokens")
    .option("--instance <name>", "of which agent, team, …; as `show` prints it (default: all)")
    .requiredOption(reason, "why, for the record")
    .option("--by <person>", "who, for the record (default: the user)")
    .option("--json", "for programs: how it stands afterwards")
    .action((budget: string, spent: string, options: Options) =>
      correct(budget, spent, options, shell),
    );
  onStore(
    command.command("reset").description("set what counts as spent in this window to nothing"),
  )
    .argument("<budget>")
    .option("--instance <name>", "of which agent, team, …; as `show` prints it (default: all)")
    .requiredOption(reason, "why, for the record")
    .option("--by <person>", "who, for the record (default: the user)")
    .option("--json", "for programs: how it stands afterwards")
    .action((budget: string, options: Options) => correct(budget, "0", options, shell));
  return command;
}

function onStore(command: Command): Command {
  return command
    .option("--tenant <id>", "the tenant that it is about (default: default)")
    .option("--data <dir>", "where the budgets live (default: as configured)")
    .option("--policies <dir>", "the policy files in force (default: as configured)")
    .option("--config <file>", "config file (default: ./sallyport.yaml, else a sample)");
}

async function show(budget: string | undefined, options: Options, shell: Shell): Promise<void> {
  await using desk = await openDesk(options, shell);
  const states = valueOf(await budgetStates(desk.tenant, budget, desk.reader));
  const names = (await desk.reader.budgets(desk.tenant)).map(({ id }) => id);
  print(states, budget ?? names.join(", "), options, shell);
}

async function correct(
  budget: string,
  text: string,
  options: Options,
  shell: Shell,
): Promise<void> {
  await using desk = await openDesk(options, shell);
  const known = (await desk.reader.budgets(desk.tenant)).find(({ id }) => id === budget);
  const spent = known === undefined ? 0 : unitsOf(known.unit, text);
  if (known !== undefined && spent === undefined) throw notAnAmount(known, text);
  const { instance, reason, by } = options;
  const correction = {
    tenant: desk.tenant,
    by: typeof by === "string" && by !== "" ? by : userOf(shell),
    reason: String(reason),
  };
  const name = typeof instance === "string" ? instance : undefined;
  // A chain of its own: the gateway's are locked while it runs.
  await using ledger = await openLedger({
    directory: ledgerDirectory(desk.config.dataDirectory),
    now,
    report: () => undefined,
  });
  const ports = { ...desk.reader, ledger };
  const states = valueOf(await setSpent(budget, name, spent ?? 0, ports, correction));
  print(states, budget, options, shell);
}

function notAnAmount({ id, unit }: Budget, text: string): CommandFailure {
  const message = `${id} counts ${unitName(unit)}, and "${text}" cannot be counted exactly`;
  const example = unit === "nano_usd" ? "2.50, with at most nine decimals" : "1000";
  return new CommandFailure(EXIT.usage, message, `write a plain number from 0, such as ${example}`);
}

function userOf({ environment }: Shell): string {
  return environment["USER"] ?? environment["LOGNAME"] ?? "the command line";
}

interface Desk extends AsyncDisposable {
  readonly config: Config;
  readonly tenant: TenantId;
  readonly reader: BudgetReader;
}

/** The store as the gateway uses it, running or not. */
async function openDesk(options: Options, shell: Shell): Promise<Desk> {
  const { config } = loadFor(options, shell);
  prepareDataDirectory(config.dataDirectory);
  await using opened = new AsyncDisposableStack();
  const counters = opened.use(
    await openCounters({ config, shared: false, now, events: NOBODY_TOLD }),
  );
  const store = opened.use(await openDirectoryStore(config, undefined));
  const desk = openPolicyDesk({ directory: config.policiesDirectory, store });
  const tenant = await tenantOf(options, { store });
  const owned = opened.move();
  return {
    config,
    tenant,
    reader: { store: counters.budgets, budgets: desk.budgets, now },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function valueOf<T>(answer: Answer<T>): T {
  if (answer.kind === "done") return answer.value;
  throw new CommandFailure(EXIT.failure, answer.fault.detail, "`sallyport budget show` lists them");
}

/** `names`: of the budgets that were asked about. */
function print(
  states: readonly BudgetState[],
  names: string,
  options: Options,
  shell: Shell,
): void {
  if (options["json"] === true) {
    shell.out(`${JSON.stringify(states.map(stateJson), undefined, 2)}\n`);
    return;
  }
  if (names === "") shell.out("no policy in force has a budget\n");
  else if (states.length === 0) shell.out(`nothing is spent of ${names}\n`);
  for (const state of states) shell.out(`${stateLine(state)}\n`);
}

function stateJson({ budget, instance, spent, held, left, debt, resetsAt }: BudgetState) {
  const text = (amount: number): string => amountText(budget.unit, amount);
  return {
    budget: budget.id,
    instance: instanceName(instance),
    unit: unitName(budget.unit),
    limit: text(budget.limit),
    spent: text(spent),
    held: text(held),
    left: text(left),
    debt: text(debt),
    window: windowText(budget.window),
    resets_at: resetsAt === undefined ? null : new Date(resetsAt).toISOString(),
  };
}

function stateLine(state: BudgetState): string {
  const { budget, spent, held, left, debt, limit, unit, window, instance } = {
    ...stateJson(state),
    window: windowText(state.budget.window),
  };
  const owed = state.debt === 0 ? "" : `, ${debt} over`;
  const at = state.forecast?.exhaustedAt;
  const forecast =
    at === undefined || state.left === 0 ? "" : `, used up ${new Date(at).toISOString()}`;
  return printable(
    `${budget} ${instance}: ${spent} of ${limit} ${unit} spent, ${held} held, ${left} left` +
      `${owed} (${window}${forecast})`,
  );
}
