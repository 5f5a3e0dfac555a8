/** Text of one policy file → its syntax tree; every problem of the file is reported at once. */
import type { Budget, Window } from "../money/budget.ts";
import { hasTimeZone } from "../money/time-zone.ts";
import type { Surface } from "../inspect/inspection.ts";
import { checkShape } from "./check-shape.ts";
import { closest } from "../../lib/closest.ts";
import {
  itemsOf,
  mapsOf,
  modeOf,
  nameGlobsOf,
  numberOf,
  placeOf,
  textsOf,
  wordOf,
  type Parsing,
} from "./parse-clause.ts";
import { parseRule } from "./parse-rule.ts";
import { parseTest } from "./parse-test.ts";
import type { BudgetClause, InspectClause, PolicyFile } from "./policy-file.ts";
import { PolicyFileSchema } from "./policy-schema.ts";
import { parseAmount } from "./quantity.ts";
import { readYaml } from "./read-yaml.ts";
import { placeAt, sourceText, type ProblemList } from "./source-text.ts";
import {
  entryOf,
  textOf,
  valueOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
} from "./yaml-node.ts";

/** `undefined`: not readable at all. A tree beside reported problems holds what could be read. */
export function parsePolicy(file: string, text: string, list: ProblemList): PolicyFile | undefined {
  const source = sourceText(file, text);
  const root = readYaml(source, list);
  if (root === undefined) return undefined;
  const parsing: Parsing = { source, list };
  checkShape(root, PolicyFileSchema, "the file", parsing);
  if (root.kind !== "map") return undefined;

  const mode = modeOf(root) ?? "enforce";
  const budgets = budgetsOf(valueOf(root, "budgets"), parsing);
  return Object.freeze({
    kind: "policy_file",
    file,
    agents: nameGlobsOf(valueOf(root, "agents"), parsing),
    mode,
    ...budgets,
    rules: mapsOf(valueOf(root, "rules")).flatMap((map) => parseRule(map, mode, parsing) ?? []),
    inspections: mapsOf(valueOf(root, "inspect")).flatMap(
      (map) => parseInspect(map, parsing) ?? [],
    ),
    tests: mapsOf(valueOf(root, "tests")).flatMap((map) => parseTest(map, parsing) ?? []),
  });
}

function budgetsOf(
  node: YamlNode | undefined,
  parsing: Parsing,
): Pick<PolicyFile, "budgets" | "brokenBudgets"> {
  const budgets: BudgetClause[] = [];
  const brokenBudgets: string[] = [];
  for (const entry of node?.kind === "map" ? node.entries : []) {
    const budget = budgetOf(entry, parsing);
    if (budget === undefined) brokenBudgets.push(entry.key);
    else budgets.push(budget);
  }
  return { budgets, brokenBudgets };
}

function budgetOf({ key, keyAt, value }: YamlEntry, parsing: Parsing): BudgetClause | undefined {
  if (value.kind !== "map") return undefined;
  const limit = parseLimit(value, parsing);
  const per = wordOf(valueOf(value, "per"), PER);
  const window = parseWindow(value, parsing);
  if (limit === undefined || per === undefined || window === undefined) return undefined;
  return { kind: "budget", place: placeAt(parsing.source, keyAt), id: key, ...limit, per, window };
}

const PER = [
  "all",
  "agent",
  "session",
  "team",
  "model",
  "upstream",
  "tool",
] as const satisfies readonly Budget["per"][];

function parseLimit(
  map: YamlMap,
  parsing: Parsing,
): Pick<BudgetClause, "unit" | "limit"> | undefined {
  const entry = entryOf(map, "limit");
  const text = textOf(entry?.value);
  if (entry === undefined || text === undefined) return undefined;
  const amount = parseAmount(text);
  if (amount.kind === "ok") return amount.value;
  parsing.list.report(placeOf(entry.value, parsing), amount.message, amount.suggestion);
  return undefined;
}

function parseWindow(map: YamlMap, parsing: Parsing): Window | undefined {
  const every = wordOf(valueOf(map, "window"), WINDOWS);
  const zone = entryOf(map, "tz");
  if (every === undefined) return undefined;
  if (every === "session" || every === "lifetime") {
    if (zone !== undefined) {
      const message = `a ${every} window has no time zone`;
      parsing.list.report(placeAt(parsing.source, zone.keyAt), message, "remove tz");
    }
    return { kind: every };
  }
  const tz = textOf(zone?.value) ?? "UTC";
  if (hasTimeZone(tz) || zone === undefined) return { kind: "calendar", every, tz };
  const near = closest(tz, Intl.supportedValuesOf("timeZone"));
  const help = `write an IANA name such as ${near ?? "Europe/Zurich"}`;
  parsing.list.report(placeOf(zone.value, parsing), `${tz} is no time zone`, help);
  return undefined;
}

const WINDOWS = ["minute", "hour", "day", "month", "session", "lifetime"] as const;

const LEVELS = { low: 30, medium: 60, high: 80 } as const;

function parseInspect(map: YamlMap, parsing: Parsing): InspectClause | undefined {
  const id = textOf(valueOf(map, "id"));
  const action = wordOf(valueOf(map, "do"), ["block", "redact", "report"]);
  if (id === undefined || action === undefined) return undefined;
  const at = valueOf(map, "at");
  const level = wordOf(at, ["low", "medium", "high"]) ?? "medium";
  const agents = valueOf(map, "agents");
  const on = itemsOf(valueOf(map, "on")).flatMap((item) => wordOf(item, SURFACES) ?? []);
  return {
    kind: "inspect",
    place: placeOf(map, parsing),
    id,
    agents: agents === undefined ? undefined : nameGlobsOf(agents, parsing),
    on: [...new Set(on)],
    find: [...new Set(textsOf(valueOf(map, "find")))],
    scoreMin: numberOf(at) ?? LEVELS[level],
    action,
  };
}

const SURFACES = ["request", "response", "tool_result"] as const satisfies readonly Surface[];
