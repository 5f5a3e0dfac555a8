/**
 * Beside stage 5: what a session made beforehand allows. Policy decides first what the agent may do
 * at all; the session it runs under can only take away from that, and puts its own purse on top.
 */
import type { Action } from "../core/action.ts";
import type { Charge, Terms } from "../core/decision.ts";
import { namedSpend } from "../core/money/claims.ts";
import type { Principal } from "../core/principal.ts";
import { pursesOf } from "../core/session/purse.ts";
import { missingScopes } from "../core/session/session-scope.ts";
import type { Upstream } from "../core/upstream.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";

const VAULT = "vault://";

/** Whether the session may do this at all. */
export function confine(
  { granted }: Principal,
  action: Action,
  upstream: Upstream,
): Verdict<undefined> {
  if (granted === undefined) return FREE;
  const missing = missingScopes(granted, action);
  if (missing !== undefined) return beyond(`needs the scope ${missing.join(" or ")}`);
  const credential = upstream.credential?.ref;
  const isLent = credential?.startsWith(VAULT) === true && granted.credentials.length > 0;
  if (isLent && !granted.credentials.includes(credential.slice(VAULT.length))) {
    return beyond(`needs the credential of ${upstream.name}, which the session may not borrow`);
  }
  return FREE;
}

/** The terms with the session's purse beside the budgets that the rules charge. */
export function confineTerms({ granted }: Principal, terms: Terms): Verdict<Terms> {
  if (granted === undefined) return pass(terms);
  const spent = namedSpend(terms.charges);
  if (spent > 0 && !granted.scopes.includes("spend") && !granted.scopes.includes("admin")) {
    return beyond("spends money and needs the scope spend");
  }
  const purses = pursesOf(granted);
  if (purses.length === 0) return pass(terms);
  const charges = purses.flatMap((budget): readonly Charge[] => {
    const metered = { kind: "metered", budget } as const;
    const named = budget.unit === "nano_usd" ? spent : 0;
    return named > 0 ? [metered, { kind: "amount", budget, amount: named }] : [metered];
  });
  return pass({ ...terms, charges: [...terms.charges, ...charges] });
}

const FREE = pass(undefined);

function beyond(what: string): Verdict<never> {
  return halt({
    code: "session_scope",
    detail: `This call ${what}: the session was not opened for it.`,
    remedy: "Do only what the session is for, or ask your user for a session with this right.",
  });
}
