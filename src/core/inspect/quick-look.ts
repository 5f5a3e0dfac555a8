import { firstAnchor } from "./anchor-table.ts";
import type { ScanPlan } from "./scan-plan.ts";

/**
 * Where in a complete text the first thing may stand that is looked for; its length if nothing can,
 * as in most texts. Nothing before it needs a look.
 */
export function firstInterest(plan: ScanPlan, withheld: readonly string[], text: string): number {
  let nearest = firstAnchor(plan.anchors, text);
  if (plan.email) nearest = nearer(nearest, text.indexOf("@"));
  for (const literal of withheld) nearest = nearer(nearest, text.indexOf(literal));
  return nearest;
}

function nearer(one: number, other: number): number {
  return other >= 0 && other < one ? other : one;
}
