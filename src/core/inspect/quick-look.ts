import { reaches } from "./classifier/classifier.ts";
import { firstAnchor } from "./find-anchor.ts";
import { nextEscape } from "./layers/escapes.ts";
import { isDisguised } from "./layers/passages.ts";
import { nextRun } from "./layers/opaque-run.ts";
import type { ScanPlan } from "./scan-plan.ts";

/** Units of the shortest text that any detector finds: the mark "pwned". */
const SHORTEST_MATCH = 5;

/**
 * Where in a complete text the first thing may stand that is looked for; its length if nothing can,
 * as in most texts. Nothing before it needs a look.
 */
export function firstInterest(plan: ScanPlan, withheld: readonly string[], text: string): number {
  if (text.length < SHORTEST_MATCH && withheld.length === 0) return text.length;
  try {
    return firstOf(plan, withheld, text);
  } catch {
    // What a glance fails on gets the whole look, which fails as well and says so.
    return 0;
  }
}

function firstOf(plan: ScanPlan, withheld: readonly string[], text: string): number {
  let nearest = firstAnchor(plan.anchors, text);
  if (plan.email) nearest = nearer(nearest, text.indexOf("@"));
  if (!plan.empty) {
    nearest = nearer(nearest, nextRun(text, 0));
    nearest = nearer(nearest, nextEscape(text, 0));
  }
  nearest = nearer(nearest, firstLiteral(plan, withheld, text));
  if (nearest < text.length || plan.empty) return nearest;
  const isPlain = plan.classifies === Infinity || !reaches(text, plan.classifies);
  return isPlain && !isDisguised(text) ? nearest : 0;
}

/** Where the first literal stands that is always replaced; the text's length if none does. */
export function firstLiteral(
  { restored }: ScanPlan,
  withheld: readonly string[],
  text: string,
): number {
  let nearest = text.length;
  for (const literal of withheld) nearest = nearer(nearest, text.indexOf(literal));
  if (restored.size > 0) {
    for (const name of restored.keys()) nearest = nearer(nearest, text.indexOf(name));
  }
  return nearest;
}

function nearer(one: number, other: number): number {
  return other >= 0 && other < one ? other : one;
}
