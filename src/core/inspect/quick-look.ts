import { isPlain } from "./anchor-table.ts";
import type { ScanPlan } from "./scan-plan.ts";

/** The cheap way out for most complete texts: nothing in it even begins what is looked for. */
export function cannotMatch(plan: ScanPlan, withheld: readonly string[], text: string): boolean {
  if (plan.email && text.includes("@")) return false;
  for (const literal of withheld) if (text.includes(literal)) return false;
  return isPlain(plan.anchors, text);
}
