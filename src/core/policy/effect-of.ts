import { impossible } from "../../lib/impossible.ts";
import type { Decision } from "../decision.ts";
import type { Effect } from "./policy-file.ts";

/** A decision in the words of rules and tests; also of one that is on record. */
export function effectOf({ kind }: Pick<Decision, "kind">): Effect {
  switch (kind) {
    case "allow":
      return "allow";
    case "escalate":
      return "approve";
    case "conditional":
    case "deny":
      return "deny";
    default:
      return impossible(kind);
  }
}
