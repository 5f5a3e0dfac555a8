import type { Span } from "./frame.ts";
import { recall } from "./known-texts.ts";
import { firstInterest, firstLiteral } from "./quick-look.ts";
import { labelledBy, type ScanPlan } from "./scan-plan.ts";

/** Nothing is in a complete text: it was seen a moment ago, or a glance is enough. */
export function isClear(
  plan: ScanPlan,
  withheld: readonly string[],
  { text, label = "" }: Span,
): boolean {
  const isDoubted = plan.opinions !== undefined && plan.opinions.leanOf(text) !== 0;
  if (isDoubted || labelledBy(plan, label).length > 0) return false;
  // A backslash may hide something from all but the look into JSON inside a text.
  const known = text.includes("\\") ? undefined : recall(plan, text, label);
  if (known === undefined || known.scan !== undefined) {
    return firstInterest(plan, withheld, text) === undefined;
  }
  return firstLiteral(plan, withheld, text) === text.length;
}
