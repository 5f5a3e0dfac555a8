/** Haldir's `/v1/audit`: entries written by agents, the trail, and spend. */
import { Type, type Static } from "typebox";
import { done, type Answer } from "../../core/fault.ts";
import type { AgentSession } from "../../core/identity/agent-session.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { ReportedEvent } from "../../core/ledger/entry.ts";
import { DEEDS, type TallyGroup, type TallyRow } from "../../core/ledger/ledger-index.ts";
import { DETAILS_CHARS_MAX } from "../../core/ledger/record-event.ts";
import { tellSubscribers } from "../../operations/notify/tell-subscribers.ts";
import { addUpRecords, listRecords } from "../../operations/records/read-records.ts";
import { recordEvent } from "../../operations/records/record-event.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { entryJson } from "./audit-entry.ts";
import { dollarsOf, liveSession, nanoUsdFrom, SessionId, Usd } from "./fields.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { answer, fail } from "./wording.ts";

const ENTRIES_DEFAULT = 100;
const ENTRIES_MAX = 1_000;
const GROUPS_MAX = 100;
const WORD_CHARS_MAX = 256;
const Word = Type.String({ maxLength: WORD_CHARS_MAX });

const NewEntryJson = Type.Object({
  session_id: SessionId,
  tool: Type.Optional(Word),
  action: Type.String({ minLength: 1, maxLength: 2_048 }),
  details: Type.Optional(Type.Union([Type.String({ maxLength: DETAILS_CHARS_MAX }), Type.Null()])),
  cost_usd: Type.Optional(Usd),
});
const WHOSE = { session_id: Type.Optional(SessionId), agent_id: Type.Optional(Word) };
const WhoseQuery = Type.Object(WHOSE);
const EntriesQuery = Type.Object({
  ...WHOSE,
  tool: Type.Optional(Word),
  flagged: Type.Optional(Type.Enum(["true", "false"])),
  limit: Type.Optional(Type.String({ pattern: "^[0-9]{1,9}$" })),
});

const READ = { role: "agent", scope: "ledger:read" } as const;
const WRITE = { role: "agent", scope: "events:write" } as const;

export function auditRoutes(api: DialectApi, parts: HaldirParts): void {
  addReporting(api, parts);
  addReads(api, parts.core);
}

function addReporting(api: DialectApi, parts: HaldirParts): void {
  api.post(
    "/v1/audit",
    { schema: { body: NewEntryJson }, config: { needs: WRITE } },
    async (request, reply) => {
      const caller = callerOf(request);
      const live = await liveSession(caller, request.body.session_id, parts.core);
      if (live.kind === "fault") return fail(reply, live.fault, request);
      const logged = await report(caller, live.value.body, request.body, parts);
      return answer(reply, 201, logged, ({ id, flagged, reason }) => ({
        logged: true,
        entry_id: id,
        flagged,
        flag_reason: reason ?? null,
      }));
    },
  );
}

async function report(
  caller: Caller,
  { id: session, agent }: AgentSession,
  { tool = "", action, details, cost_usd: dollars = 0 }: Static<typeof NewEntryJson>,
  { core, watch }: HaldirParts,
): Promise<Answer<ReportedEvent>> {
  const cost = nanoUsdFrom(dollars);
  const deed = { agent, tool: tool === "" ? undefined : tool, cost };
  const reasons = await watch.look(caller, deed);
  if (reasons.kind === "fault") return reasons;
  const flagged = reasons.value.length > 0;
  const wish = {
    ...deed,
    ...described(action, details),
    session,
    user: undefined,
    upstream: undefined,
    model: undefined,
    flagged,
    reason: flagged ? reasons.value.join("; ") : undefined,
    data: {},
  };
  const recorded = await recordEvent(caller, wish, core.records.recording);
  if (recorded.kind === "fault") return recorded;
  watch.recorded(caller, deed);
  if (flagged) await tell(recorded.value, core);
  return recorded;
}

/** The record's `action` is short: a long one stands whole before the details. */
function described(action: string, details: string | null | undefined) {
  if (action.length <= WORD_CHARS_MAX) return { action, details: details ?? undefined };
  const whole = `${action}\n${details ?? ""}`.trimEnd().slice(0, DETAILS_CHARS_MAX);
  return { action: `${action.slice(0, WORD_CHARS_MAX - 1)}…`, details: whole };
}

async function tell(event: ReportedEvent, { subscriptions }: DialectCore): Promise<void> {
  const { id, tenant, agent = "", session = "", tool = "", reason = "" } = event;
  const happening = {
    tenant,
    event: "anomaly",
    key: id,
    subject: `agent:${agent}`,
    summary: `The agent ${agent} behaves unusually: ${reason}.`,
    data: { agent, session, entry: id, tool, reason },
  } as const;
  await tellSubscribers(happening, subscriptions);
}

function addReads(api: DialectApi, { records: { index } }: DialectCore): void {
  api.get(
    "/v1/audit",
    { schema: { querystring: EntriesQuery }, config: { needs: READ } },
    async (request, reply) => {
      const { tool, flagged, limit = ENTRIES_DEFAULT } = request.query;
      const wish = {
        ...EVER,
        only: { ...onlyOf(request.query), ...(tool !== undefined && { tool: [tool] }) },
        flagged: flagged === "true" ? true : undefined,
        order: "newest",
        after: undefined,
        limit: Math.min(Number(limit), ENTRIES_MAX),
      } as const;
      const found = await listRecords(callerOf(request), wish, index);
      return answer(reply, 200, found, ({ records }) => ({
        count: records.length,
        entries: records.map(entryJson),
      }));
    },
  );
  api.get(
    "/v1/audit/spend",
    { schema: { querystring: WhoseQuery }, config: { needs: READ } },
    async (request, reply) => {
      const sums = async (...groups: readonly TallyGroup[]): Promise<Answer<readonly TallyRow[]>> =>
        addUpRecords(
          callerOf(request),
          { ...EVER, only: onlyOf(request.query), groups, max: GROUPS_MAX },
          index,
        );
      return answer(reply, 200, await spendOf(sums), (spend) => spend);
    },
  );
}

type Sums = (...groups: readonly TallyGroup[]) => Promise<Answer<readonly TallyRow[]>>;

async function spendOf(sums: Sums): Promise<Answer<object>> {
  const [all, tools, agents] = await Promise.all([sums(), sums("tool"), sums("agent")]);
  if (all.kind === "fault") return all;
  if (tools.kind === "fault") return tools;
  if (agents.kind === "fault") return agents;
  return done({
    total_usd: dollarsOf(all.value[0]?.cost ?? 0),
    action_count: all.value[0]?.count ?? 0,
    by_tool: spentBy("tool", tools.value),
    by_agent: spentBy("agent", agents.value),
  });
}

/** Without those who spent nothing. */
function spentBy(group: TallyGroup, rows: readonly TallyRow[]): Record<string, number> {
  const spending = rows.filter(({ cost }) => cost > 0);
  return Object.fromEntries(
    spending.map(({ cell, cost }) => [cell[group] ?? "", dollarsOf(cost)] as const),
  );
}

interface Whose {
  readonly session_id?: string;
  readonly agent_id?: string;
}

function onlyOf({ session_id: session, agent_id: agent }: Whose) {
  return {
    kind: [...DEEDS],
    ...(session !== undefined && { session: [session] }),
    ...(agent !== undefined && { agent: [agent] }),
  };
}

const EVER = {
  from: undefined,
  to: undefined,
  flagged: undefined,
  scoreMin: undefined,
  text: undefined,
} as const;
