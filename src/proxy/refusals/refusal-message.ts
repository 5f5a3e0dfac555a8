import { REFUSALS, type Refusal } from "../../core/refusal.ts";
import { impossible } from "../../lib/impossible.ts";
import { waitSeconds } from "./retry-seconds.ts";

/**
 * The one text that a model gets to see: what is wrong, what would be right, which rule said so,
 * and whether repeating the call can help. Clients show nothing else of a refusal.
 */
export function refusalMessage(refusal: Refusal): string {
  const { code, detail, remedy, rules } = refusal;
  let text = `Sallyport refused this (${code}): ${detail}`;
  if (remedy !== undefined) text += ` ${remedy}`;
  if (rules !== undefined && rules.length > 0) text += ` Policy: ${rules.join(", ")}.`;
  return refusal.asksAnew === true ? text : `${text} ${retryAdvice(refusal)}`;
}

function retryAdvice(refusal: Refusal): string {
  if (refusal.code === "approval_required") {
    const review = refusal.review === undefined ? "" : ` (review ${refusal.review})`;
    return `Do not retry until a person has approved it${review}.`;
  }
  const { class: kind } = REFUSALS[refusal.code];
  switch (kind) {
    case "policy":
      return "Do not retry: the same call will be refused again.";
    case "malformed":
    case "too_large":
    case "upgrade":
    case "not_found":
      return "Do not retry it unchanged.";
    case "budget":
      return "Do not retry: every further call under this budget will be refused until it resets.";
    case "unauthenticated":
      return "Do not retry without a valid Sallyport key.";
    case "rate":
      return `Try again in ${waitSeconds(refusal)} s.`;
    case "unavailable":
      return "It was not carried out; it may pass later.";
    case "upstream":
      return "This is a failure of the upstream, not a decision.";
    case "internal":
      return "This is a fault in Sallyport; its operator finds the cause in the log.";
    default:
      return impossible(kind);
  }
}
