/** Which addresses of a resource template a rule selects, without knowing them. */
import { globCovers, globsMeet, matchesAnyName, nameGlob, type Glob } from "./glob.ts";
import type { CompiledRule } from "./compiled-rule.ts";

const READ = "resources/read";
/** Longer templates are compared by what comes first; a rule that meets that may meet the rest. */
const TEMPLATE_CHARS_MAX = 1_024;

/**
 * Whether some address that the template makes could be read, as `mayAllow` says it of one address.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6570
 */
export function mayReadSome(
  rules: readonly CompiledRule[],
  upstream: string,
  template: string,
): boolean {
  const addresses = addressesOf(template);
  const targets = nameGlob(`${upstream}.${addresses.text}`);
  const obeyed = rules.filter((rule) => !rule.shadow && reads(rule, upstream));
  const isDenied = obeyed.some(
    ({ effect, condition, selector }) =>
      effect === "deny" &&
      condition === undefined &&
      selector.kind === "mcp" &&
      (selector.names.length === 0 || coveredBy(selector.names, addresses)) &&
      (selector.targets.length === 0 || coveredBy(selector.targets, targets)),
  );
  if (isDenied) return false;
  return obeyed.some(
    ({ effect, selector }) =>
      effect !== "deny" &&
      selector.kind === "mcp" &&
      (selector.names.length === 0 || metBy(selector.names, addresses)) &&
      (selector.targets.length === 0 || metBy(selector.targets, targets)),
  );
}

function reads({ selector }: CompiledRule, upstream: string): boolean {
  if (selector.kind !== "mcp" || !matchesAnyName(selector.upstreams, upstream)) return false;
  return matchesAnyName(selector.methods, READ);
}

/** Every expression stands for anything. */
function addressesOf(template: string): Glob {
  const text = template.slice(0, TEMPLATE_CHARS_MAX).replaceAll(/\{[^{}]*\}/g, "*");
  return nameGlob(template.length > TEMPLATE_CHARS_MAX ? `${text}*` : text);
}

function coveredBy(globs: readonly Glob[], narrow: Glob): boolean {
  return globs.some((glob) => globCovers(glob, narrow));
}

function metBy(globs: readonly Glob[], other: Glob): boolean {
  return globs.some((glob) => globsMeet(glob, other));
}
