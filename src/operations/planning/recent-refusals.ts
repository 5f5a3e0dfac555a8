/** The last refusals of this process, so that an agent can ask what became of a call. */
import type { Facts } from "../../core/evidence.ts";
import type { RefusalCode } from "../../core/refusal.ts";
import { OPAQUE_DETAIL } from "../../pipeline/opaque.ts";
import type { Principal } from "../../core/principal.ts";
import type { AgentId, ExchangeId, Instant, ReviewId, RuleId, TenantId } from "../../core/units.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** Of all agents together; older ones are on the ledger only. */
const RECENT_REFUSALS_MAX = 2_000;

export interface RecentRefusal {
  readonly exchange: ExchangeId;
  readonly tenant: TenantId;
  readonly agent: AgentId;
  readonly at: Instant;
  readonly code: RefusalCode;
  readonly detail: string;
  readonly rules: readonly RuleId[];
  readonly review: ReviewId | undefined;
}

export class RecentRefusals {
  readonly #byExchange = new Map<ExchangeId, RecentRefusal>();

  /** Told of every closed exchange. */
  readonly note = ({ exchange, at, principal, outcome, decision, review }: Facts): void => {
    if (principal === undefined || outcome?.kind !== "refused") return;
    const { tenant, agent } = principal;
    const { code, detail } = outcome;
    // What was not said then is not said later either.
    const rules = detail === OPAQUE_DETAIL ? [] : (decision?.because ?? []);
    const refusal = { exchange, tenant, agent, at, code, detail, rules, review };
    keepRecent(this.#byExchange, exchange, refusal, RECENT_REFUSALS_MAX);
  };

  /** Only an agent's own: an id proves nothing. */
  find(exchange: ExchangeId, { tenant, agent }: Principal): RecentRefusal | undefined {
    const found = this.#byExchange.get(exchange);
    return found?.agent === agent && found.tenant === tenant ? found : undefined;
  }
}
