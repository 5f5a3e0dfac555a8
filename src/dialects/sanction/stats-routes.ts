/** Sanction's `/api/v1/wallets/stats`. */
import { fault, type Answer, done } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { UsageRow } from "../../core/money/usage-report.ts";
import type { ReviewStatus } from "../../core/review/review.ts";
import type { ReviewStore } from "../../core/review/review-store.ts";
import type { TenantId } from "../../core/units.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { WalletQuery } from "./agent-routes.ts";
import { dollars } from "./dollars.ts";
import { foreignWallet } from "./foreign-wallet.ts";
import { WORDING } from "./wording.ts";

/** Different tools of a wallet in one month. */
const ROWS_MAX = 10_000;
const REVIEWS_PAGE = 200;

export function statsRoutes(api: DialectApi, core: DialectCore): void {
  api.get(
    "/api/v1/wallets/stats",
    { schema: { querystring: WalletQuery }, config: { asker: "member" } },
    async (request, reply) => {
      const caller = callerOf(request);
      const foreign = foreignWallet(caller, request.query.wallet_id);
      if (foreign !== undefined) return WORDING.fail(reply, foreign, request);
      const now = new Date(core.budgets.now()).toISOString();
      const day = now.slice(0, 10);
      const today = used(caller, day, day, core);
      const month = used(caller, `${now.slice(0, 7)}-01`, day, core);
      if (today.kind === "fault") return WORDING.fail(reply, today.fault, request);
      if (month.kind === "fault") return WORDING.fail(reply, month.fault, request);
      const { token_cost_usd, spend_usd } = month.value;
      return {
        today: today.value,
        month: { token_cost_usd, spend_usd },
        pending_approvals: await pendingOf(caller.tenant, core.reviews.reviews),
      };
    },
  );
}

interface Used {
  readonly token_cost_usd: number;
  readonly tokens_in: number;
  readonly tokens_out: number;
  readonly spend_usd: number;
}

/** Models cost tokens; what tools cost is money that was spent. */
function used({ tenant }: Caller, from: string, to: string, core: DialectCore): Answer<Used> {
  let rows: readonly UsageRow[];
  try {
    rows = core.usage.report({ from, to, tenant, groups: ["tool"], only: {}, max: ROWS_MAX });
  } catch {
    return fault("unavailable", "Usage cannot be read now.");
  }
  const models = rows.find(({ cell }) => cell.tool === "")?.counts;
  const spent = rows.reduce((sum, { cell, counts }) => sum + (cell.tool ? counts.nanoUsd : 0), 0);
  return done({
    token_cost_usd: dollars(models?.nanoUsd ?? 0),
    tokens_in: models?.inputTokens ?? 0,
    tokens_out: models?.outputTokens ?? 0,
    spend_usd: dollars(spent),
  });
}

const UNDECIDED = [
  "pending",
  "acknowledged",
  "deferred",
] as const satisfies readonly ReviewStatus[];

async function pendingOf(tenant: TenantId, reviews: ReviewStore): Promise<number> {
  const counts = await Promise.all(UNDECIDED.map((status) => countOf(tenant, status, reviews)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Reviews that wait are bounded by their store. */
async function countOf(tenant: TenantId, status: ReviewStatus, reviews: ReviewStore) {
  let count = 0;
  let after: string | undefined;
  for (;;) {
    const page = await reviews.list({ tenant, status, after, limit: REVIEWS_PAGE });
    count += page.length;
    if (page.length < REVIEWS_PAGE) return count;
    after = page.at(-1)?.id;
  }
}
