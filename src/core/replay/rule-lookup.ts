import type { Action } from "../action.ts";
import { includes, memberKey } from "../policy/audience.ts";
import type { CompiledRule } from "../policy/compiled-rule.ts";
import { buildIndex, candidatesOf, type RuleIndex } from "../policy/rule-index.ts";
import { foldedKeyOf, keyOf, misfitOf } from "../policy/selector.ts";
import type { Principal } from "../principal.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** The rules that select an action, whatever their conditions, in the order of the files. */
export type RuleLookup = (principal: Principal, action: Action) => readonly CompiledRule[];

/** Members whose rules are kept resolved; past it the oldest is resolved again when it returns. */
const MEMBERS_MAX = 1024;

export function createRuleLookup(rules: readonly CompiledRule[]): RuleLookup {
  const keyOfMember = memberKey(rules);
  const known = new Map<string, RuleIndex>();
  return (principal, action) => {
    const key = `${action.kind} ${keyOfMember(principal)}`;
    let index = known.get(key);
    if (index === undefined) {
      const own = rules.filter(
        (rule) => rule.selector.kind === action.kind && includes(rule, principal),
      );
      index = buildIndex(own);
      keepRecent(known, key, index, MEMBERS_MAX);
    }
    return candidatesOf(index, keyOf(action), foldedKeyOf(action)).filter(
      (rule) => misfitOf(rule.selector, action) === undefined,
    );
  };
}
