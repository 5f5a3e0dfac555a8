import { reaches } from "./classifier/classifier.ts";
import { firstAnchor } from "./find-anchor.ts";
import { nextEscape } from "./layers/escapes.ts";
import { isDisguised } from "./layers/passages.ts";
import { nextRun } from "./layers/opaque-run.ts";
import type { ScanPlan } from "./scan-plan.ts";

/** Units of the shortest text that any detector finds: the command in `a;id`. */
export const SHORTEST_MATCH = 4;

/** Where a complete text is worth a look: nothing before these places is looked for. */
export interface Interest {
  /** Anything. */
  readonly at: number;
  /** A run of digits, an escape; the text's length if none is there. */
  readonly run: number;
  readonly escape: number;
}

/** All of it. */
export const EVERYWHERE: Interest = { at: 0, run: 0, escape: 0 };

/** Undefined: there is nothing in it that is looked for, as in most texts. */
export function firstInterest(
  plan: ScanPlan,
  withheld: readonly string[],
  text: string,
): Interest | undefined {
  if (text.length < SHORTEST_MATCH && withheld.length === 0) return undefined;
  try {
    return interestIn(plan, withheld, text);
  } catch {
    // If the quick look throws, the full scan will throw as well, and puts it on the record.
    return EVERYWHERE;
  }
}

function interestIn(
  plan: ScanPlan,
  withheld: readonly string[],
  text: string,
): Interest | undefined {
  const { length } = text;
  const anchor = firstAnchor(plan.anchors, text);
  // 0 also means that folding may move everything.
  if (anchor === 0) return EVERYWHERE;
  const run = plan.empty ? length : nearer(length, nextRun(text, 0));
  const escape = plan.empty ? length : nearer(length, nextEscape(text, 0));
  let at = Math.min(anchor, run, escape, firstLiteral(plan, withheld, text));
  if (plan.email) at = nearer(at, text.indexOf("@"));
  if (at < length) return { at, run, escape };
  if (plan.empty) return undefined;
  // First what is quicker: what is disguised is classified with all else that is looked for in it.
  if (isDisguised(text)) return EVERYWHERE;
  return plan.classifies < Infinity && reaches(text, plan.classifies) ? EVERYWHERE : undefined;
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
