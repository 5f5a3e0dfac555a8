import type { Action } from "../../core/action.ts";
import type { Upstream } from "../../core/upstream.ts";

/** A described call as it would be made: the upstream says where it goes. */
export function placeAction(action: Action, { host }: Upstream): Action {
  return action.kind === "http" ? { ...action, host } : action;
}
