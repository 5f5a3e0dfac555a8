/** What would become of a call, by the same stages that would judge it, and without making it. */
import type { Action } from "../../core/action.ts";
import type { Decision } from "../../core/decision.ts";
import type { Principal } from "../../core/principal.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { Pin } from "../../core/trust/pin.ts";
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

/** Every upstream there is, by name. */
export type Upstreams = ReadonlyMap<string, Upstream>;

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
  upstreams: Upstreams,
  ports: JudgingPorts,
): Promise<Verdict<Judged>> {
  const snapshot = ports.policies.current();
  const upstream = upstreams.get(action.upstream);
  if (upstream === undefined || !isOpenTo(upstream, principal.tenant)) {
    const detail = `No upstream is called ${action.upstream}.`;
    // Which servers there are tells as much as which tools.
    return halt(toldTo(principal, snapshot, { code: "no_such_upstream", detail }));
  }
  const judged = judgedAction(placeAction(action, upstream), upstream);
  if (judged.kind === "halt") return judged;
  const vouched = vouch(
    { action: judged.value, upstream, principal, era: undefined },
    ports.definitions,
  );
  if (vouched.kind === "halt") return halt(toldTo(principal, snapshot, vouched.refusal));
  const recalled = await recall(principal, snapshot, ports.sessions);
  if (recalled.kind === "halt") return recalled;
  const facts = { now: ports.now(), marks: recalled.value, source };
  const { verdict } = decide(snapshot, principal, judged.value, facts);
  if (verdict.kind === "halt") return halt(toldTo(principal, snapshot, verdict.refusal));
  return pass({ action: judged.value, decision: verdict.value, pin: vouched.value });
}

export async function checkPermission(
  principal: Principal,
  call: PlannedCall,
  upstreams: Upstreams,
  ports: JudgingPorts & Pick<Ports, "budgets">,
): Promise<Permission> {
  const judged = await judgePlanned(principal, call, upstreams, ports);
  if (judged.kind === "halt") return { kind: "deny", refusal: judged.refusal };
  const { action, decision } = judged.value;
  const { charges } = decision.terms;
  const budgets = await budgetStatus(principal, action, charges, ports);
  return { kind: kindOf(decision), decision, budgets };
}

function kindOf({ kind }: Extract<Decision, { kind: "allow" | "escalate" }>): "allow" | "approve" {
  return kind === "allow" ? "allow" : "approve";
}
