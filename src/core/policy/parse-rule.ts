import { CLEARANCE_DEFAULT } from "../identity/directory-entry.ts";
import { parseDecimal } from "../money/decimal.ts";
import {
  clearanceOf,
  freeGlobsOf,
  itemsOf,
  modeOf,
  nameGlobsOf,
  numberOf,
  pathGlobsOf,
  placeOf,
  textsOf,
  wordOf,
  type Parsing,
} from "./parse-clause.ts";
import { parsePath } from "./json-path.ts";
import { parseApproval } from "./parse-approval.ts";
import type {
  ChargeClause,
  ConditionClause,
  Mode,
  RuleClause,
  SelectorClause,
} from "./policy-file.ts";
import { MCP_SELECTOR_KEYS } from "./mcp-selectors.ts";
import { isMcpSelectorKey, parseMcpSelector } from "./parse-mcp-selector.ts";
import { parseLimits } from "./parse-limits.ts";
import { SCHEMA_SIDES } from "../trust/schema-checks.ts";
import { placeAt } from "./source-text.ts";
import { entryOf, textOf, valueOf, type YamlMap, type YamlNode } from "./yaml-node.ts";

const SELECTORS = ["tools", ...MCP_SELECTOR_KEYS, "llm", "http", "mcp"] as const;

/** `undefined` where too little could be read; then it has been reported. */
export function parseRule(map: YamlMap, fileMode: Mode, parsing: Parsing): RuleClause | undefined {
  const id = textOf(valueOf(map, "id"));
  const stated = wordOf(valueOf(map, "effect"), ["allow", "deny", "approve"]);
  // Reported already; what else is wrong with the rule is told in the same breath.
  const effect = stated ?? "deny";
  const selector = parseSelector(map, parsing);
  checkEffectKeys(map, stated, parsing);
  const approval = parseApproval(valueOf(map, "approval"), parsing);
  const charges = chargesOf(valueOf(map, "charge"), parsing);
  const agents = valueOf(map, "agents");
  const bounds = valueOf(map, "limits");
  const limits = bounds?.kind === "map" ? parseLimits(bounds, parsing) : [];
  const narrowed = agents === undefined ? undefined : nameGlobsOf(agents, parsing);
  if (id === undefined || selector === undefined) return undefined;
  return Object.freeze({
    kind: "rule",
    place: placeAt(parsing.source, map.at),
    id,
    agents: narrowed,
    clearance: clearanceOf(valueOf(map, "clearance")) ?? CLEARANCE_DEFAULT,
    mode: modeOf(map) ?? fileMode,
    selector,
    when: conditionOf(valueOf(map, "when"), parsing),
    effect,
    approval,
    outputTokens: bounds?.kind === "map" ? numberOf(valueOf(bounds, "output_tokens")) : undefined,
    limits,
    charges,
    marks: textsOf(valueOf(map, "marks")),
    checks: SCHEMA_SIDES.filter((side) => textsOf(valueOf(map, "check")).includes(side)),
    severity: textOf(valueOf(map, "severity")),
    category: textOf(valueOf(map, "category")),
    notify: textsOf(valueOf(map, "notify")),
    message: textOf(valueOf(map, "message")),
    remedy: textOf(valueOf(map, "remedy")),
  });
}

function parseSelector(map: YamlMap, parsing: Parsing): SelectorClause | undefined {
  const present = SELECTORS.filter((key) => entryOf(map, key) !== undefined);
  const [key, second] = present;
  if (key === undefined) {
    const message = "the rule selects nothing";
    parsing.list.report(placeOf(map, parsing), message, `add one of ${SELECTORS.join(", ")}`);
    return undefined;
  }
  if (second !== undefined) {
    const entry = entryOf(map, second);
    const place = placeAt(parsing.source, entry?.keyAt ?? map.at);
    const message = `the rule selects both ${key} and ${second}`;
    parsing.list.report(place, message, "write one rule for each");
    return undefined;
  }
  const node = valueOf(map, key);
  if (key === "tools") {
    return node?.kind === "list" ? { kind: "tool", tools: nameGlobsOf(node, parsing) } : undefined;
  }
  if (isMcpSelectorKey(key)) {
    return node?.kind === "list" ? parseMcpSelector(key, node, parsing) : undefined;
  }
  if (node?.kind !== "map") return undefined;
  if (node.entries.length === 0) {
    const message = `${key} narrows nothing`;
    parsing.list.report(
      placeOf(node, parsing),
      message,
      `for all of them: ${key}: { upstreams: ["*"] }`,
    );
    return undefined;
  }
  return narrowedSelector(key, node, parsing);
}

function narrowedSelector(
  key: "llm" | "http" | "mcp",
  map: YamlMap,
  parsing: Parsing,
): SelectorClause {
  const names = (part: string) => nameGlobsOf(valueOf(map, part), parsing);
  const upstreams = names("upstreams");
  switch (key) {
    case "llm":
      return { kind: key, upstreams, models: names("models"), operations: names("operations") };
    case "http":
      return {
        kind: key,
        upstreams,
        hosts: names("hosts"),
        methods: names("methods"),
        paths: pathGlobsOf(valueOf(map, "paths"), parsing),
        allowUnknown: isTrue(valueOf(map, "allow_unknown")),
        upgrade: isTrue(valueOf(map, "upgrade")),
      };
    case "mcp":
      return {
        kind: key,
        upstreams,
        methods: names("methods"),
        names: freeGlobsOf(valueOf(map, "names"), parsing),
        targets: [],
      };
  }
}

function isTrue(node: YamlNode | undefined): boolean {
  return node?.kind === "scalar" && node.value === true;
}

/** Keys that mean nothing beside the rule's effect would mislead whoever reads the file. */
function checkEffectKeys(map: YamlMap, effect: string | undefined, parsing: Parsing): void {
  const idle: Readonly<Record<string, readonly string[]>> = {
    allow: ["approval"],
    deny: ["approval", "limits", "charge", "marks", "check", "clearance"],
    approve: [],
  };
  for (const key of idle[effect ?? "approve"] ?? []) {
    const entry = entryOf(map, key);
    if (entry === undefined) continue;
    const place = placeAt(parsing.source, entry.keyAt);
    parsing.list.report(place, `${key} means nothing beside effect: ${effect}`, `remove ${key}`);
  }
}

function chargesOf(node: YamlNode | undefined, parsing: Parsing): readonly ChargeClause[] {
  if (node === undefined) return [];
  const nodes = node.kind === "list" ? itemsOf(node) : [node];
  return nodes.flatMap((item) => chargeOf(item, parsing) ?? []);
}

function chargeOf(node: YamlNode, parsing: Parsing): ChargeClause | undefined {
  const place = placeOf(node, parsing);
  const named = textOf(node);
  if (named !== undefined) {
    return { kind: "charge", place, budget: named, amount: METERED, currency: { kind: "none" } };
  }
  const budget = node.kind === "map" ? textOf(valueOf(node, "budget")) : undefined;
  if (node.kind !== "map" || budget === undefined) return undefined;
  const amount = amountOf(valueOf(node, "amount"), parsing);
  const currency = currencyOf(valueOf(node, "currency"), parsing);
  return amount && currency && { kind: "charge", place, budget, amount, currency };
}

const METERED = { kind: "metered" } as const;

function amountOf(
  node: YamlNode | undefined,
  parsing: Parsing,
): ChargeClause["amount"] | undefined {
  if (node === undefined) return METERED;
  if (node.kind !== "scalar") return undefined;
  const text = node.source.trim();
  if (parseDecimal(text, 0) !== undefined) return { kind: "fixed", text };
  const path = parsePath(text);
  if (path !== undefined) return { kind: "path", text, path };
  const help = "write a path such as args.amount or body.items[0].price, or a number";
  parsing.list.report(placeOf(node, parsing), `${text} is neither a path nor a number`, help);
  return undefined;
}

function currencyOf(
  node: YamlNode | undefined,
  parsing: Parsing,
): ChargeClause["currency"] | undefined {
  const text = textOf(node);
  if (node === undefined || text === undefined) return { kind: "none" };
  if (/^[A-Z]{3}$/.test(text)) return { kind: "fixed", text };
  const path = parsePath(text);
  if (path !== undefined) return { kind: "path", text, path };
  const message = `${text} is neither a path nor a currency code`;
  parsing.list.report(placeOf(node, parsing), message, "write args.currency or USD");
  return undefined;
}

/** Maps each line of the CEL text to its place, also where YAML folded, indented or quoted it. */
function conditionOf(node: YamlNode | undefined, parsing: Parsing): ConditionClause | undefined {
  const text = textOf(node);
  if (node === undefined || text === undefined) return undefined;
  const raw = parsing.source.text.slice(node.at, node.end);
  const place = placeOf(node, parsing);
  const lines: { offset: number; place: ConditionClause["place"] }[] = [];
  let offset = 0;
  let from = 0;
  for (const line of text.split("\n")) {
    const found = raw.indexOf(line, from);
    if (found >= 0) from = found;
    lines.push({ offset, place: found < 0 ? place : placeAt(parsing.source, node.at + found) });
    offset += line.length + 1;
  }
  return { kind: "condition", place, text, lines };
}
