/** Rules that load but decide nothing: a stronger one covers them, or they say a thing twice. */
import type { CompiledRule } from "./compiled-rule.ts";
import { globCovers, type Glob } from "./glob.ts";
import { keyGlobs, type Selector } from "./selector.ts";
import type { ProblemList } from "./source-text.ts";

/** Denials without a condition that every other rule is compared with. */
const DENIALS_MAX = 100;

export function findIdleRules(rules: readonly CompiledRule[], warnings: ProblemList): void {
  const seen = new Map<string, CompiledRule>();
  const denials = rules.filter(
    ({ effect, condition, shadow }) => effect === "deny" && condition === undefined && !shadow,
  );
  for (const rule of rules) {
    const signature = signatureOf(rule);
    const twin = seen.get(signature);
    if (twin === undefined) seen.set(signature, rule);
    else
      warnings.report(rule.place, `rule ${rule.id} says the same as rule ${twin.id}`, "keep one");
    if (rule.effect === "deny" || rule.shadow) continue;
    const stronger = denials.slice(0, DENIALS_MAX).find((denial) => covers(denial, rule));
    if (stronger === undefined) continue;
    const message = `rule ${rule.id} decides nothing: rule ${stronger.id} denies all it selects`;
    warnings.report(rule.place, message, "narrow the denial, or remove this rule");
  }
}

/** Rules of one signature match the same calls with the same effect. */
function signatureOf({
  effect,
  shadow,
  fileAgents,
  tenants,
  agents,
  clearance,
  selector,
  condition,
}: CompiledRule): string {
  const texts = (globs: readonly Glob[]) => globs.map((glob) => glob.text).toSorted();
  return JSON.stringify([
    effect,
    shadow,
    texts(fileAgents),
    texts(tenants),
    texts(agents),
    clearance,
    selector,
    condition?.text,
  ]);
}

function covers(denial: CompiledRule, rule: CompiledRule): boolean {
  return (
    coversAll(denial.fileAgents, rule.fileAgents) &&
    coversAll(denial.tenants, rule.tenants) &&
    coversAll(denial.agents, rule.agents) &&
    selectorCovers(denial.selector, rule.selector)
  );
}

function selectorCovers(a: Selector, b: Selector): boolean {
  if (a.kind !== b.kind || !coversAll(keyGlobs(a), keyGlobs(b))) return false;
  switch (a.kind) {
    case "tool":
      return true;
    case "llm":
      return isWide(a.upstreams) && isWide(a.operations);
    case "http":
      return isWide(a.hosts) && isWide(a.methods) && a.paths.length === 0;
    case "mcp":
      return isWide(a.methods) && isWide(a.names) && isWide(a.targets);
  }
}

function isWide(globs: readonly Glob[]): boolean {
  return globs.length === 0 || globs.some((glob) => glob.kind === "any");
}

/** An empty list is everything. */
function coversAll(a: readonly Glob[], b: readonly Glob[]): boolean {
  if (isWide(a)) return true;
  return b.length > 0 && b.every((glob) => a.some((wide) => globCovers(wide, glob)));
}
