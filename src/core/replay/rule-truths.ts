/**
 * What a recorded decision tells of conditions that read what was not kept: the policy that made it
 * had rules with the same words, and the decision names those that held.
 */
import { isSilent } from "../decision.ts";
import type { CompiledRule } from "../policy/compiled-rule.ts";
import { NAMES_MAX } from "../ledger/json-text.ts";
import type { RecordedCall } from "./recorded-call.ts";

/** By the condition's text: whether it lets a rule of that kind of effect hold. */
export interface Truths {
  readonly allows: ReadonlyMap<string, boolean>;
  readonly denies: ReadonlyMap<string, boolean>;
}

const NOTHING_KNOWN: Truths = { allows: new Map(), denies: new Map() };

/** `rules`: those of the policy that decided which select this call, whatever their condition. */
export function truthsOf({ decision, via }: RecordedCall, rules: readonly CompiledRule[]): Truths {
  // Of two calls in one, nobody can tell which one a rule held for.
  if (via.length > 0 || decision.because.length >= NAMES_MAX) return NOTHING_KNOWN;
  const allows = new Map<string, boolean>();
  const denies = new Map<string, boolean>();
  for (const rule of rules) {
    const { condition, effect } = rule;
    const held = condition === undefined ? undefined : heldOnRecord(rule, decision, rules);
    if (condition === undefined || held === undefined) continue;
    // A denial also holds where its condition fails, the others only where it is true.
    if (effect === "deny") {
      denies.set(condition.text, held);
      if (!held) allows.set(condition.text, false);
    } else {
      allows.set(condition.text, held);
      if (held) denies.set(condition.text, true);
    }
  }
  return { allows, denies };
}

/** Undefined where the decision does not tell. */
function heldOnRecord(
  { id, effect, shadow }: CompiledRule,
  { kind, because, shadow: shadowed }: RecordedCall["decision"],
  rules: readonly CompiledRule[],
): boolean | undefined {
  const isNamed = because.includes(id);
  switch (kind) {
    case "allow":
      return shadow ? isIn(id, shadowed) : isNamed;
    case "escalate":
      if (shadow) return isIn(id, shadowed);
      return effect === "allow" ? undefined : isNamed;
    case "deny":
      if (shadow) return undefined;
      if (isSilent(because)) return false;
      return effect === "deny" && isByDenials(because, rules) ? isNamed : undefined;
    case "conditional":
      return undefined;
  }
}

function isIn(id: string, shadowed: RecordedCall["decision"]["shadow"]): boolean | undefined {
  return shadowed.length >= NAMES_MAX ? undefined : shadowed.some(({ rule }) => rule === id);
}

/** Rules that allow deny as well: for an amount that is not one, for approvers that exclude each other. */
function isByDenials(because: readonly string[], rules: readonly CompiledRule[]): boolean {
  return because.every((name) => rules.some(({ id, effect }) => id === name && effect === "deny"));
}
