/** `budgets:` of a policy file, one entry. */
import { closest } from "../../lib/closest.ts";
import type { OnExceed, Scope, ScopeFilter, Window } from "../money/budget.ts";
import { hasTimeZone } from "../money/time-zone.ts";
import { ROLLING_MAX, ROLLING_MIN, rollingWindow } from "../money/window.ts";
import { itemsOf, placeOf, textsOf, wordOf, type Parsing } from "./parse-clause.ts";
import type { BudgetClause } from "./policy-file.ts";
import { parseAmount, parseDuration } from "./quantity.ts";
import { SCOPES, scopeOf } from "./scope-word.ts";
import { placeAt } from "./source-text.ts";
import {
  entryOf,
  textOf,
  valueOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
} from "./yaml-node.ts";

const CALENDAR = ["minute", "hour", "day", "week", "month"] as const;
const WINDOW_WORDS = [...CALENDAR, "session", "lifetime"] as const;

/** `undefined` where too little could be read; then it has been reported. */
export function parseBudget(
  { key, keyAt, value }: YamlEntry,
  parsing: Parsing,
): BudgetClause | undefined {
  if (value.kind !== "map") return undefined;
  const limit = parseLimit(value, parsing);
  const per = parsePer(valueOf(value, "per"), parsing);
  const window = parseWindow(value, parsing);
  const only = parseOnly(valueOf(value, "for"), parsing);
  if (limit === undefined || per === undefined || window === undefined) return undefined;
  return {
    kind: "budget",
    place: placeAt(parsing.source, keyAt),
    id: key,
    ...limit,
    per,
    only,
    window,
    notifyAt: parseNotifyAt(valueOf(value, "notify_at")),
    onExceed: parseOnExceed(valueOf(value, "on_exceed"), limit.unit, parsing),
    tellsAgent: isTrue(valueOf(value, "tell_agent")),
    // The shape check has reported any other.
    ...(valueOf(value, "status") !== undefined && { status: 402 }),
  };
}

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

/** One word or several: `agent`, `[team, model]`, `all`. */
function parsePer(node: YamlNode | undefined, parsing: Parsing): readonly Scope[] | undefined {
  if (node === undefined) return undefined;
  if (textOf(node) === "all") return [];
  const items = node.kind === "list" ? itemsOf(node) : [node];
  const scopes: Scope[] = [];
  for (const item of items) {
    const scope = scopeOf(textOf(item) ?? "");
    if (scope === undefined) return refuseScope(item, parsing);
    if (scopes.includes(scope)) {
      parsing.list.report(placeOf(item, parsing), `${scope} is named twice`, "remove one of them");
    }
    scopes.push(scope);
  }
  return scopes;
}

function refuseScope(node: YamlNode, parsing: Parsing): undefined {
  const text = textOf(node) ?? "";
  const near = closest(text, SCOPES);
  const known = `all, ${SCOPES.join(", ")} or tag.<name>`;
  const help = near === undefined ? `known: ${known}` : `did you mean ${near}?`;
  parsing.list.report(placeOf(node, parsing), `per: ${text} is no scope`, help);
  return undefined;
}

function parseOnly(node: YamlNode | undefined, parsing: Parsing): readonly ScopeFilter[] {
  if (node?.kind !== "map") return [];
  return node.entries.flatMap(({ key, keyAt, value }): readonly ScopeFilter[] => {
    const scope = scopeOf(key);
    const single = textOf(value);
    if (scope !== undefined) {
      return [{ scope, values: single === undefined ? textsOf(value) : [single] }];
    }
    const help = `known: ${SCOPES.join(", ")} or tag.<name>`;
    parsing.list.report(placeAt(parsing.source, keyAt), `for: ${key} is no scope`, help);
    return [];
  });
}

function parseWindow(map: YamlMap, parsing: Parsing): Window | undefined {
  const node = valueOf(map, "window");
  const text = textOf(node);
  const zone = entryOf(map, "tz");
  if (node === undefined || text === undefined) return undefined;
  const rolling = text.startsWith("rolling ");
  const every = wordOf(node, WINDOW_WORDS);
  if (rolling || every === "session" || every === "lifetime") {
    if (zone !== undefined) {
      const message = `a ${rolling ? "rolling" : every} window has no time zone`;
      parsing.list.report(placeAt(parsing.source, zone.keyAt), message, "remove tz");
    }
    return every === "session" || every === "lifetime"
      ? { kind: every }
      : parseRolling(node, text, parsing);
  }
  if (every !== undefined) return parseCalendar(every, zone, parsing);
  const near = closest(text, WINDOW_WORDS);
  const known = `known: ${WINDOW_WORDS.join(", ")}, or rolling 24h`;
  const help = near === undefined ? known : `did you mean ${near}?`;
  parsing.list.report(placeOf(node, parsing), `${text} is no window`, help);
  return undefined;
}

function parseRolling(node: YamlNode, text: string, parsing: Parsing): Window | undefined {
  const length = parseDuration(text.slice("rolling ".length).trim());
  if (length.kind === "wrong") {
    parsing.list.report(placeOf(node, parsing), length.message, "for example rolling 24h");
    return undefined;
  }
  if (length.value >= ROLLING_MIN && length.value <= ROLLING_MAX) {
    return rollingWindow(length.value);
  }
  const message = `a rolling window of ${text.slice("rolling ".length)} is not kept`;
  parsing.list.report(placeOf(node, parsing), message, "write from rolling 10s to rolling 60d");
  return undefined;
}

function parseCalendar(
  every: (typeof CALENDAR)[number],
  zone: YamlEntry | undefined,
  parsing: Parsing,
): Window | undefined {
  const tz = textOf(zone?.value) ?? "UTC";
  if (hasTimeZone(tz) || zone === undefined) return { kind: "calendar", every, tz };
  const near = closest(tz, Intl.supportedValuesOf("timeZone"));
  const help = `write an IANA name such as ${near ?? "Europe/Zurich"}`;
  parsing.list.report(placeOf(zone.value, parsing), `${tz} is no time zone`, help);
  return undefined;
}

function parseNotifyAt(node: YamlNode | undefined): readonly number[] {
  const percents = itemsOf(node).flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "number" ? item.value : [],
  );
  return [...new Set(percents)].toSorted((a, b) => a - b);
}

const DENY: OnExceed = { kind: "deny" };

function parseOnExceed(
  node: YamlNode | undefined,
  unit: BudgetClause["unit"],
  parsing: Parsing,
): OnExceed {
  if (node === undefined) return DENY;
  const model = node.kind === "map" ? textOf(valueOf(node, "downgrade")) : undefined;
  if (model !== undefined) return { kind: "downgrade", model };
  if (textOf(node) !== "clamp") return DENY;
  if (unit === "calls" || unit === "input_tokens") {
    const message = `a shorter answer saves no ${unit === "calls" ? "calls" : "input tokens"}`;
    parsing.list.report(
      placeOf(node, parsing),
      message,
      "on_exceed: deny, or downgrade to a model",
    );
  }
  return { kind: "clamp" };
}

function isTrue(node: YamlNode | undefined): boolean {
  return node?.kind === "scalar" && node.value === true;
}
