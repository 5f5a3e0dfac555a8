/**
 * The state by which a stateless call goes on with its client's answer: it works for the agent, the
 * tool and the arguments for which a server gave it out, and for nothing else.
 */
import type { McpAction, ToolAction } from "../../core/action.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import type { CarriedApproval, RequestStateStore } from "../../core/session/request-states.ts";
import type { ReviewId } from "../../core/units.ts";
import type { InterpretContext } from "../../pipeline/ask.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { isApprovalState } from "./approval-question.ts";
import { ownerOf } from "./transport/mcp-request.ts";

type Judged = ToolAction | McpAction;

/** Undefined: the result asks nothing, or without a state. */
export function stateIn(result: JsonObject): string | undefined {
  const { resultType, requestState } = result;
  return resultType === "input_required" && typeof requestState === "string"
    ? requestState
    : undefined;
}

export function giveState(
  states: RequestStateStore,
  state: string,
  action: Judged,
  principal: Principal,
  approval: CarriedApproval | undefined,
): void {
  states.give(keyOf(state, action), callOf(action, principal), approval);
}

/** The approval of the call that the message goes on with, where policy is still what it was. */
export function carriedBy(
  params: JsonObject | undefined,
  action: Judged,
  { principal, snapshot }: Pick<InterpretContext, "principal" | "snapshot">,
  states: RequestStateStore,
): ReviewId | undefined | Promise<ReviewId | undefined> {
  const state = broughtIn(params);
  if (state === undefined) return undefined;
  const carried = states.carry(keyOf(state, action), callOf(action, principal));
  const standing = (approval: CarriedApproval | undefined): ReviewId | undefined =>
    approval?.policy === snapshot.digest ? approval.review : undefined;
  return carried instanceof Promise ? carried.then(standing) : standing(carried);
}

/** Whether the message goes on with this call: it brings no state that was given out for another. */
export function mayGoOn(
  params: JsonObject | undefined,
  action: Judged,
  principal: Principal,
  states: RequestStateStore,
): boolean | Promise<boolean> {
  const state = broughtIn(params);
  return state === undefined || states.mayBring(keyOf(state, action), callOf(action, principal));
}

/** Undefined: none that a server gave out. */
function broughtIn(params: JsonObject | undefined): string | undefined {
  const state = params?.["requestState"];
  return typeof state === "string" && !isApprovalState(state) ? state : undefined;
}

function keyOf(state: string, { upstream }: Judged): string {
  return JSON.stringify([upstream, state]);
}

/** As the agent asked for it: what a meta-tool calls is its own arguments' matter. */
function callOf(action: Judged, principal: Principal): string {
  const name = action.kind === "tool" ? ["tools/call", action.tool] : [action.method, action.name];
  return canonicalJson([ownerOf(principal), ...name.map((part) => part ?? ""), action.args ?? {}]);
}
