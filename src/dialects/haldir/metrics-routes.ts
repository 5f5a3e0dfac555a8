/** Haldir's `/v1/metrics`. */
import { done, type Answer } from "../../core/fault.ts";
import { isLive } from "../../core/identity/agent-session.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry, EntryKind } from "../../core/identity/directory-entry.ts";
import { monthOf } from "../../core/identity/quota.ts";
import {
  DEEDS,
  type RecordField,
  type TallyGroup,
  type TallyRow,
} from "../../core/ledger/ledger-index.ts";
import { AUTHORIZE_SPEND, OWN_SERVER } from "../../core/own-server.ts";
import { isWaiting, type Review } from "../../core/review/review.ts";
import { instant, type Instant, type TenantId } from "../../core/units.ts";
import { addUpRecords } from "../../operations/records/read-records.ts";
import { listSecrets } from "../../operations/secrets/manage-secrets.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { DISCOVERY } from "./discover-tools.ts";
import { dollarsOf } from "./fields.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { isOfUse } from "./secret-routes.ts";
import { METER } from "./tiers.ts";
import { answer } from "./wording.ts";

/** Entries of one kind that are counted one by one. */
const COUNTED_MAX = 100_000;
const PAGE = 1_000;
const DAY_MS = 86_400_000;
const TOP = 10;
const AGENTS_MAX = 10_000;

export function metricsRoutes(api: DialectApi, { core }: HaldirParts): void {
  api.get(
    "/v1/metrics",
    { config: { needs: { role: "viewer", scope: "ledger:read" } } },
    async (request, reply) =>
      answer(reply, 200, await metricsOf(callerOf(request), core), (metrics) => metrics),
  );
}

async function metricsOf(caller: Caller, core: DialectCore): Promise<Answer<object>> {
  const { tenant } = caller;
  const now = core.identity.ports.now();
  const deeds = await deedsOf(caller, now, core);
  if (deeds.kind === "fault") return deeds;
  const secrets = await listSecrets(caller, { after: undefined, limit: COUNTED_MAX }, core.secrets);
  if (secrets.kind === "fault") return secrets;
  const [keys, opened, reviews] = await Promise.all([
    entriesOf("key", tenant, core),
    entriesOf("session", tenant, core),
    reviewsOf(tenant, core),
  ]);
  const sessions = opened.filter(({ body }) => body.agent !== DISCOVERY);
  const month = monthOf(now);
  const meter = { tenant, meter: METER.name };
  return done({
    total_api_keys: keys.filter(({ body }) => body.revokedAt === undefined).length,
    total_sessions: sessions.length,
    active_sessions: sessions.filter(({ body }) => isLive(body, now)).length,
    ...deeds.value,
    total_secrets: secrets.value.filter(isOfUse).length,
    pending_approvals: reviews.filter(isWaiting).length,
    total_approvals: reviews.length,
    usage_this_month: { [month]: await core.identity.quotas.usedIn(month, meter) },
  });
}

interface Narrowed {
  readonly only?: Readonly<Partial<Record<RecordField, readonly string[]>>>;
  readonly from?: Instant;
  readonly max?: number;
}

async function deedsOf(
  caller: Caller,
  now: Instant,
  { records: { index } }: DialectCore,
): Promise<Answer<object>> {
  const sums = (groups: readonly TallyGroup[], { only, from, max = 1 }: Narrowed = {}) => {
    const rest = { to: undefined, flagged: undefined, scoreMin: undefined, text: undefined };
    const wish = { ...rest, only: { ...only, kind: [...DEEDS] }, from, groups, max };
    return addUpRecords(caller, wish, index);
  };
  const own = { agent: [DISCOVERY] };
  const payments = { tool: [AUTHORIZE_SPEND], upstream: [OWN_SERVER], outcome: ["completed"] };
  const day = instant(Math.max(0, now - DAY_MS));
  const answers = await Promise.all([
    sums([]),
    sums([], { from: day }),
    sums([], { only: payments }),
    sums(["tool"], { max: TOP + 1 }),
    sums(["agent"], { max: AGENTS_MAX }),
    sums([], { only: own }),
    sums([], { only: own, from: day }),
  ]);
  const [all, today, paid, tools, agents, asking, askingToday] = answers;
  for (const one of answers) if (one.kind === "fault") return one;
  const count = (sum: Answer<readonly TallyRow[]>): number => rowsOf(sum)[0]?.count ?? 0;
  const byAgent = countsBy(
    "agent",
    rowsOf(agents).filter(({ cell }) => cell.agent !== DISCOVERY),
  );
  return done({
    unique_agents: Object.keys(byAgent).length,
    // What this API asks upstreams for by itself is no agent's action.
    total_actions: count(all) - count(asking),
    flagged_actions: rowsOf(all)[0]?.flagged ?? 0,
    actions_today: count(today) - count(askingToday),
    total_spend_usd: dollarsOf(rowsOf(all)[0]?.cost ?? 0),
    total_payments: count(paid),
    total_payment_volume_usd: dollarsOf(rowsOf(paid)[0]?.cost ?? 0),
    top_tools: top(countsBy("tool", rowsOf(tools))),
    top_agents: top(byAgent),
  });
}

function rowsOf(answered: Answer<readonly TallyRow[]>): readonly TallyRow[] {
  return answered.kind === "done" ? answered.value : [];
}

/** Without deeds that have no tool, or that nobody did. */
function countsBy(group: TallyGroup, rows: readonly TallyRow[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    rows.flatMap(({ cell, count }) => {
      const name = cell[group] ?? "";
      return name === "" ? [] : [[name, count] as const];
    }),
  );
}

function top(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).slice(0, TOP));
}

async function entriesOf<K extends EntryKind>(
  kind: K,
  tenant: TenantId,
  { identity: { ports } }: DialectCore,
): Promise<readonly Entry<K>[]> {
  return allOf((after) => ports.store.list(kind, { tenant, after, limit: PAGE }));
}

function reviewsOf(tenant: TenantId, { reviews }: DialectCore): Promise<readonly Review[]> {
  return allOf((after) => reviews.reviews.list({ tenant, after, limit: PAGE }));
}

async function allOf<T extends { readonly id: string }>(
  page: (after: string | undefined) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const all: T[] = [];
  while (all.length < COUNTED_MAX) {
    const next = await page(all.at(-1)?.id);
    all.push(...next);
    if (next.length < PAGE) break;
  }
  return all;
}
