import { impossible } from "../../lib/impossible.ts";
import type { Action } from "../action.ts";
import type { Principal } from "../principal.ts";
import type { Budget } from "./budget.ts";

/** Which instance of a budget or a limit an exchange belongs to. */
export function instanceOf(per: Budget["per"], principal: Principal, action: Action): string {
  switch (per) {
    case "all":
      return "all";
    case "agent":
      return escapePart(principal.agent);
    case "session":
      return sessionOf(principal);
    case "team":
      return escapePart(principal.team ?? "");
    case "model":
      return action.kind === "llm" ? escapePart(action.model) : "";
    case "upstream":
      return escapePart(action.upstream);
    case "tool":
      return action.kind === "tool"
        ? `${escapePart(action.upstream)}/${escapePart(action.tool)}`
        : "";
    default:
      return impossible(per);
  }
}

/** The client chooses its session's name, so the name counts only together with the agent's. */
export function sessionOf(principal: Principal): string {
  return `${escapePart(principal.agent)}/${escapePart(principal.session)}`;
}

/** Keys are `part|part|…`; escaped, so that two different instances never meet. */
export function escapePart(part: string): string {
  return /[%|/]/.test(part) ? part.replace(/[%|/]/g, encodeURIComponent) : part;
}
