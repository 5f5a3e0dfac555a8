/** `/core/v1`: /quota: what a plan allows, and what is left. */
import { Type } from "typebox";
import type { Caller } from "../../core/identity/caller.ts";
import { PLANS } from "../../core/identity/directory-entry.ts";
import { monthOf, QUOTA_WINDOWS, type QuotaStanding } from "../../core/identity/quota.ts";
import { getKey } from "../../operations/identity/manage-keys.ts";
import { quotaOf, subjectOf } from "../../operations/identity/take-quota.ts";
import type { Api } from "./api.ts";
import { NATIVE_METER } from "./authentication.ts";
import { IdParams, type Written } from "./fields.ts";
import { sendFault } from "./problem.ts";
import type { Identity, Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const Count = Type.Integer({ minimum: 0 });
const EXAMPLE = {
  plan: "pro",
  windows: [
    {
      window: "minute",
      limit: 1200,
      used: 3,
      remaining: 1197,
      resets_at: "2026-11-21T06:01:00.000Z",
    },
  ],
  month: "2026-11",
  used: 4711,
  used_by_tenant: 90_210,
};

const QuotaJson = Type.Object(
  {
    plan: Type.Optional(Type.Enum(PLANS, { description: "None: people are not counted." })),
    windows: Type.Array(
      Type.Object({
        window: Type.Enum(QUOTA_WINDOWS),
        limit: Type.Optional(Count),
        used: Count,
        remaining: Type.Optional(Count),
        resets_at: TimeText,
      }),
      { description: "Without a limit there is none." },
    ),
    month: Type.String(),
    used: Type.Integer({ description: "Requests of the key in that month." }),
    used_by_tenant: Count,
  },
  { examples: [EXAMPLE] },
);

const QUERY = Type.Object(
  { month: Type.Optional(Type.String({ pattern: "^[0-9]{4}-(0[1-9]|1[0-2])$" })) },
  { additionalProperties: false },
);

export function quotaRoutes(api: Api, { identity }: Services): void {
  api.get(
    "/quota",
    {
      schema: {
        summary: "What the caller's plan allows, and what is left",
        tags: ["keys"],
        querystring: QUERY,
        response: { 200: QuotaJson },
      },
      config: { access: { role: "agent", scope: "self:read" } },
    },
    ({ caller, query }) => quotaJson(caller, query.month, identity),
  );
  api.get(
    "/keys/:id/quota",
    {
      schema: {
        summary: "What a key's plan allows, and what is left",
        tags: ["keys"],
        params: IdParams,
        querystring: QUERY,
        response: { 200: QuotaJson },
      },
      config: { access: { role: "viewer", scope: "keys:read" } },
    },
    async ({ caller, params, query }, reply) => {
      const found = await getKey(caller, params.id, identity.ports);
      if (found.kind === "fault") return sendFault(reply, found.fault);
      const { id, body } = found.value.entry;
      const { plan, quota } = body;
      const holder: Caller = { ...caller, id, plan, ...(quota !== undefined && { quota }) };
      return reply.send(await quotaJson(holder, query.month, identity));
    },
  );
}

async function quotaJson(
  caller: Caller,
  month: string | undefined,
  { quotas, ports: { now } }: Identity,
): Promise<Written<typeof QuotaJson>> {
  const at = now();
  const subject = subjectOf(caller, NATIVE_METER);
  const asked = month ?? monthOf(at);
  const { tenant, meter } = subject;
  const [standings, used, all] = await Promise.all([
    quotas.standings(subject, quotaOf(caller, NATIVE_METER), at),
    quotas.usedIn(asked, subject),
    quotas.usedIn(asked, { tenant, meter }),
  ]);
  const windows = caller.plan === undefined ? [] : standings.map(standingJson);
  return { plan: caller.plan, windows, month: asked, used, used_by_tenant: all };
}

function standingJson({ window, limit, used, remaining, resetsAt }: QuotaStanding) {
  const left = limit !== undefined && { limit, remaining: remaining ?? 0 };
  return { window, used, ...left, resets_at: timeText(resetsAt) };
}
