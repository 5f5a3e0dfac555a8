import type { Span } from "./frame.ts";
import { recall } from "./known-texts.ts";
import { firstInterest, firstLiteral } from "./quick-look.ts";
import { labelledBy, type ScanPlan } from "./scan-plan.ts";

/** Whether a complete text needs no scan: it was clean a moment ago, or a quick look suffices. */
export function isClear(
  plan: ScanPlan,
  withheld: readonly string[],
  { text, label = "" }: Span,
): boolean {
  const isDoubted = plan.opinions !== undefined && plan.opinions.leanOf(text) !== 0;
  if (isDoubted || labelledBy(plan, label).length > 0) return false;
  // Behind a backslash something may stand that only the scan of JSON inside a text sees.
  const known = text.includes("\\") ? undefined : recall(plan, text, label);
  if (known === undefined || known.scan !== undefined) {
    return firstInterest(plan, withheld, text) === undefined;
  }
  return firstLiteral(plan, withheld, text) === text.length;
}
