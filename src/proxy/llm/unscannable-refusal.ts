import type { Refusal } from "../../core/refusal.ts";

/** `reason`: what stood in the way, to follow "there is". */
export function unscannableRefusal(reason: string): Refusal {
  return {
    code: "response_unscannable",
    detail: `The answer cannot be inspected, because there is ${reason}, so it is withheld.`,
    remedy: "Ask for a smaller answer, or let an operator allow unscannable answers.",
  };
}
