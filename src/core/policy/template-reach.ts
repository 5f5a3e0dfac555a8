/** Which addresses of a resource template a rule selects, without knowing them. */
import { foldedGlob, globCovers, globsMeet, matchesAnyName, nameGlob, type Glob } from "./glob.ts";
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
      coveredBy(selector.names, selector.folded?.names, addresses) &&
      coveredBy(selector.targets, selector.folded?.targets, targets),
  );
  if (isDenied) return false;
  return obeyed.some(
    ({ effect, selector }) =>
      effect !== "deny" &&
      selector.kind === "mcp" &&
      metBy(selector.names, selector.folded?.names, addresses) &&
      metBy(selector.targets, selector.folded?.targets, targets),
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

/** `folded`: what a rule that restricts makes of the same globs. No globs at all: anything. */
function coveredBy(
  globs: readonly Glob[],
  folded: readonly Glob[] | undefined,
  narrow: Glob,
): boolean {
  if (globs.length === 0 || globs.some((glob) => globCovers(glob, narrow))) return true;
  const respelt = foldedGlob(narrow);
  return folded?.some((glob) => globCovers(glob, respelt)) === true;
}

function metBy(globs: readonly Glob[], folded: readonly Glob[] | undefined, other: Glob): boolean {
  if (globs.length === 0 || globs.some((glob) => globsMeet(glob, other))) return true;
  const respelt = foldedGlob(other);
  return folded?.some((glob) => globsMeet(glob, respelt)) === true;
}
