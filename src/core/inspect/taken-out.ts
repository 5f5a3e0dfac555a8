/** A text without what policy takes out of it. */
import { INJECTION_DETECTOR } from "./detectors/injection.ts";
import { applyEdits, type Edit } from "./edit.ts";
import { placeholder } from "./placeholder.ts";
import type { ScanPlan } from "./scan-plan.ts";

/** What a model reads in its place. */
const WITHHELD = "[This text was withheld by policy: it tries to instruct the agent.]";
const ORDER = placeholder(INJECTION_DETECTOR);
const JSON_BEGINS = /^\s*[{[]/;

/**
 * Of an order that would be sent, the whole text goes: what is left of half an order is still one.
 * `edits`: in order; at least one.
 */
export function takenOut(plan: ScanPlan, text: string, edits: readonly Edit[]): string {
  const isOrder = plan.leaves && edits.some(({ replacement }) => replacement === ORDER);
  if (!isOrder) return applyEdits(text, 0, edits);
  // The arguments of a call in a conversation must stay JSON.
  return JSON_BEGINS.test(text) ? JSON.stringify({ withheld: WITHHELD }) : WITHHELD;
}
