/** What would become of a call, by the same stages that would judge it, and without making it. */
import type { Action, HttpAction } from "../../core/action.ts";
import type { Decision } from "../../core/decision.ts";
import { FORWARD_PROXY } from "../../core/forward-proxy.ts";
import type { PolicySnapshot } from "../../core/policy/policy-snapshot.ts";
import type { Principal } from "../../core/principal.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { Pin } from "../../core/trust/pin.ts";
import type { Instant } from "../../core/units.ts";
import { isOpenTo, type Upstream } from "../../core/upstream.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import { decide, type Promising } from "../../pipeline/decide.ts";
import { judgedAction } from "../../pipeline/judged-action.ts";
import { toldTo } from "../../pipeline/opaque.ts";
import type { Ports } from "../../pipeline/stages.ts";
import { recall } from "../../pipeline/recall.ts";
import { placeAction } from "./place-action.ts";
import { vouch } from "../../pipeline/vouch.ts";
import { budgetStatus, type BudgetReport } from "./budget-status.ts";
import type { PlannedCall } from "./planned-call.ts";

/** Where calls go. */
export interface Places {
  /** Every upstream there is, by name. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Undefined where agents choose no hosts. */
  readonly hosts: HostPlaces | undefined;
}

/** Hosts that agents choose themselves. */
export interface HostPlaces {
  /** What stands for the host that this call would go to, if anybody may be led there. */
  admit(asked: HttpAction, by: Asking): Verdict<Upstream>;
}

export interface Asking {
  readonly principal: Principal;
  readonly snapshot: PolicySnapshot;
  readonly now: Instant;
}

export type Permission =
  | {
      readonly kind: "allow" | "approve";
      readonly decision: Promising;
      /** Where the money would be taken from. */
      readonly budgets: BudgetReport;
    }
  | { readonly kind: "deny"; readonly refusal: Refusal };

export type JudgingPorts = Pick<Ports, "policies" | "sessions" | "definitions" | "now">;

/** How far a planned call comes: what policy and pins say, before money. */
export interface Judged {
  /** Behind a meta-tool, the call of the tool that it names. */
  readonly action: Action;
  readonly decision: Promising;
  readonly pin: Pin | undefined;
}

export async function judgePlanned(
  principal: Principal,
  { action, source }: PlannedCall,
  places: Places,
  ports: JudgingPorts,
): Promise<Verdict<Judged>> {
  const snapshot = ports.policies.current();
  const now = ports.now();
  const found = placeOf(action, { principal, snapshot, now }, places);
  // Which servers there are tells as much as which tools.
  if (found.kind === "halt") return halt(toldTo(principal, snapshot, found.refusal));
  const upstream = found.value;
  const judged = judgedAction(placeAction(action, upstream), upstream);
  if (judged.kind === "halt") return judged;
  const vouched = vouch(
    { action: judged.value, upstream, principal, era: undefined },
    ports.definitions,
  );
  if (vouched.kind === "halt") return halt(toldTo(principal, snapshot, vouched.refusal));
  const recalled = await recall(principal, snapshot, ports.sessions);
  if (recalled.kind === "halt") return recalled;
  const facts = { now, marks: recalled.value, source };
  const { verdict } = decide(snapshot, principal, judged.value, facts);
  if (verdict.kind === "halt") return halt(toldTo(principal, snapshot, verdict.refusal));
  return pass({ action: judged.value, decision: verdict.value, pin: vouched.value });
}

function placeOf(action: Action, by: Asking, { upstreams, hosts }: Places): Verdict<Upstream> {
  if (action.kind === "http" && action.upstream === FORWARD_PROXY) {
    return hosts?.admit(action, by) ?? halt(NO_FORWARD_PROXY);
  }
  const upstream = upstreams.get(action.upstream);
  if (upstream !== undefined && isOpenTo(upstream, by.principal.tenant)) return pass(upstream);
  return halt({ code: "no_such_upstream", detail: `No upstream is called ${action.upstream}.` });
}

const NO_FORWARD_PROXY: Refusal = {
  code: "no_such_upstream",
  detail: "The forward proxy is off here: calls go to upstreams by their names.",
};

export async function checkPermission(
  principal: Principal,
  call: PlannedCall,
  places: Places,
  ports: JudgingPorts & Pick<Ports, "budgets">,
): Promise<Permission> {
  const judged = await judgePlanned(principal, call, places, ports);
  if (judged.kind === "halt") return { kind: "deny", refusal: judged.refusal };
  const { action, decision } = judged.value;
  const { charges } = decision.terms;
  const budgets = await budgetStatus(principal, action, charges, ports);
  return { kind: kindOf(decision), decision, budgets };
}

function kindOf({ kind }: Extract<Decision, { kind: "allow" | "escalate" }>): "allow" | "approve" {
  return kind === "allow" ? "allow" : "approve";
}
