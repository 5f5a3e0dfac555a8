import type { CompiledRule } from "./compiled-rule.ts";
import type { Glob } from "./glob.ts";
import { foldedKeyGlobs, keyGlobs } from "./selector.ts";

/**
 * Rules of one kind by the name they select, so that a decision meets only rules whose literal part
 * fits: looked up by the whole name and by each prefix length that some rule has.
 */
export interface RuleIndex {
  readonly spelt: NameIndex;
  /** Rules that restrict, by folded name; undefined where there are none. */
  readonly folded: NameIndex | undefined;
}

interface NameIndex {
  readonly any: readonly CompiledRule[];
  readonly exact: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly prefixes: readonly {
    readonly length: number;
    readonly rules: ReadonlyMap<string, readonly CompiledRule[]>;
  }[];
}

export function buildIndex(rules: readonly CompiledRule[]): RuleIndex {
  const restricting = rules.filter(({ selector }) => foldedKeyGlobs(selector) !== undefined);
  return {
    spelt: indexBy(rules, ({ selector }) => keyGlobs(selector)),
    folded:
      restricting.length === 0
        ? undefined
        : indexBy(restricting, ({ selector }) => foldedKeyGlobs(selector) ?? []),
  };
}

function indexBy(
  rules: readonly CompiledRule[],
  globsOf: (rule: CompiledRule) => readonly Glob[],
): NameIndex {
  const any: CompiledRule[] = [];
  const exact = new Map<string, CompiledRule[]>();
  const prefixes = new Map<number, Map<string, CompiledRule[]>>();
  for (const rule of rules) {
    const globs = globsOf(rule);
    if (globs.length === 0) any.push(rule);
    for (const glob of globs) {
      if (glob.kind === "exact") add(exact, glob.literal, rule);
      else if (glob.literal === "") any.push(rule);
      else {
        const { length } = glob.literal;
        const ofLength = prefixes.get(length) ?? new Map<string, CompiledRule[]>();
        prefixes.set(length, ofLength);
        add(ofLength, glob.literal, rule);
      }
    }
  }
  const lengths = [...prefixes].map(([length, ofLength]) => ({ length, rules: ofLength }));
  return { any, exact, prefixes: lengths };
}

function add(map: Map<string, CompiledRule[]>, key: string, rule: CompiledRule): void {
  const rules = map.get(key);
  if (rules === undefined) map.set(key, [rule]);
  else rules.push(rule);
}

/** Rules that may match the name (`keyOf`, `foldedKeyOf`), each once, in the order of the files. */
export function candidatesOf(
  { spelt, folded }: RuleIndex,
  key: string,
  foldedKey: string,
): readonly CompiledRule[] {
  const found = new Set<CompiledRule>();
  collect(spelt, key, found);
  if (folded !== undefined) collect(folded, foldedKey, found);
  return [...found].toSorted((a, b) => a.order - b.order);
}

function collect(index: NameIndex, key: string, found: Set<CompiledRule>): void {
  for (const rule of index.any) found.add(rule);
  for (const rule of index.exact.get(key) ?? []) found.add(rule);
  for (const { length, rules } of index.prefixes) {
    if (length > key.length) continue;
    for (const rule of rules.get(key.slice(0, length)) ?? []) found.add(rule);
  }
}
