import type { ScanPlan } from "./scan-plan.ts";
import { nextTrigram } from "./trigrams.ts";

const NOT_ASCII = /[^\0-\x7f]/;

/** The cheap way out for most complete texts: nothing in it even begins what is looked for. */
export function cannotMatch(plan: ScanPlan, withheld: readonly string[], text: string): boolean {
  if (plan.email && text.includes("@")) return false;
  if (!plan.empty && nextTrigram(plan.trigrams, text, 0, text.length) >= 0) return false;
  for (const literal of withheld) if (text.includes(literal)) return false;
  return !NOT_ASCII.test(text);
}
