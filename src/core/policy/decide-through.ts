/**
 * The decision on a call that stands inside the call of a meta-tool: the inner one must be allowed,
 * and the meta-tool must not be denied. One that only looks like a meta-tool needs a rule of its
 * own, else its name would be a way around the rules for it.
 */
import type { ToolAction, Wrapping } from "../action.ts";
import { isSilent, type Decision, type Terms } from "../decision.ts";
import { uniteCharges } from "./combine.ts";
import { readJsonPath } from "./json-path.ts";
import type { PolicyFacts } from "./policy-snapshot.ts";
import { uniteApprovals } from "./unite-approvals.ts";

type DecideOne = (action: ToolAction, facts: PolicyFacts) => Decision;

export function decideThrough(
  action: ToolAction,
  facts: PolicyFacts,
  decideOne: DecideOne,
): Decision {
  const { via } = action;
  if (via === undefined) return decideOne(action, facts);
  const inner = decideOne(action, { ...facts, source: () => innerSource(action, facts) });
  if (inner.kind === "deny" || inner.kind === "conditional") return inner;
  return joined(inner, decideThrough(via.call, facts, decideOne), via);
}

/** As the wire would carry the inner call, had it come by itself: amounts are read from its text. */
function innerSource(action: ToolAction, facts: PolicyFacts): string {
  return `{"params":{"arguments":${argumentsText(action, facts) ?? "{}"}}}`;
}

function argumentsText({ via }: ToolAction, facts: PolicyFacts): string | undefined {
  if (via === undefined) return readJsonPath(facts.source(), ["params", "arguments"]);
  const outer = via.argsIn === undefined ? undefined : argumentsText(via.call, facts);
  const text = outer === undefined ? undefined : readJsonPath(outer, [via.argsIn ?? ""]);
  if (text === undefined || !text.startsWith('"')) return text;
  const unquoted: unknown = JSON.parse(text);
  return typeof unquoted === "string" ? unquoted : undefined;
}

type Promising = Extract<Decision, { terms: Terms }>;

function joined(inner: Promising, outer: Decision, { described }: Wrapping): Decision {
  switch (outer.kind) {
    case "deny":
    case "conditional":
      return described && isSilent(outer.because) ? inner : outer;
    case "allow":
      return { ...inner, ...both(inner, outer) };
    case "escalate": {
      if (inner.kind === "allow") return { ...outer, ...both(inner, outer) };
      const approval = uniteApprovals([inner.approval, outer.approval]);
      if (approval !== undefined) return { ...inner, ...both(inner, outer), approval };
      const because = [...inner.because, ...outer.because];
      const detail = `Rules ${because.join(" and ")} want approvals that nobody may give together.`;
      return { kind: "deny", because, detail, remedy: undefined };
    }
  }
}

function both(a: Promising, b: Promising): Pick<Promising, "because" | "terms"> {
  const because = a.kind === b.kind ? [...new Set([...a.because, ...b.because])] : undefined;
  const asked = a.kind === "escalate" ? a : b;
  return { because: because ?? asked.because, terms: termsOf(a.terms, b.terms) };
}

/** A rule that selects both counts once. */
function termsOf(a: Terms, b: Terms): Terms {
  const caps = [a.outputTokens, b.outputTokens].filter((cap) => cap !== undefined);
  const rated = new Set(a.rates.map(({ rule }) => rule));
  const shadowed = new Set(a.shadow.map(({ rule }) => rule));
  return {
    charges: uniteCharges([...a.charges, ...b.charges]),
    rates: [...a.rates, ...b.rates.filter(({ rule }) => !rated.has(rule))],
    outputTokens: caps.length === 0 ? undefined : Math.min(...caps),
    marks: [...new Set([...a.marks, ...b.marks])],
    // The schema is the inner tool's.
    checks: a.checks,
    shadow: [...a.shadow, ...b.shadow.filter(({ rule }) => !shadowed.has(rule))],
  };
}
