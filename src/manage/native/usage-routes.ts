/** `/core/v1`: /usage: what was used and what it cost. */
import type { FastifyReply } from "fastify";
import { Type, type Static } from "typebox";
import { usdText } from "../../core/money/usd-text.ts";
import {
  USAGE_GROUPS,
  type UsageGroup,
  type UsageQuery,
  type UsageRow,
} from "../../core/money/usage-report.ts";
import type { Api } from "./api.ts";
import { fault } from "../../core/fault.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";

const ROWS_MAX = 10_000;
const DAY_MS = 86_400_000;
/** Of a report that names no days. */
const DAYS_DEFAULT = 30;
const CSV = "text/csv; charset=utf-8";

const EXAMPLE = {
  day: "2026-11-21",
  agent: "support-bot",
  model: "gpt-4.1-mini",
  calls: 120,
  refused: 3,
  input_tokens: 240_000,
  output_tokens: 36_000,
  cost_usd: "0.153600000",
  estimated: 1,
};

const Count = Type.Integer({ minimum: 0 });
const RowJson = Type.Object(
  {
    ...Object.fromEntries(USAGE_GROUPS.map((group) => [group, Type.Optional(Type.String())])),
    calls: Count,
    refused: Count,
    input_tokens: Count,
    output_tokens: Count,
    cost_usd: Type.String({ description: "Exact to the nano-dollar." }),
    estimated: Type.Integer({ description: "Calls whose cost the provider did not count." }),
  },
  { examples: [EXAMPLE] },
);
const ReportJson = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    items: Type.Array(RowJson),
    truncated: Type.Boolean({ description: `There were more than ${ROWS_MAX} rows.` }),
  },
  { examples: [{ from: "2026-11-01", to: "2026-11-21", items: [EXAMPLE], truncated: false }] },
);

const Day = Type.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description: "UTC day." });
const Value = Type.Optional(Type.String({ maxLength: 256 }));
const QueryJson = Type.Object(
  {
    from: Type.Optional(Day),
    to: Type.Optional(Day),
    by: Type.Optional(
      Type.String({
        maxLength: 128,
        description: `What to group by, with commas: ${USAGE_GROUPS.join(", ")}. Default: day.`,
      }),
    ),
    agent: Value,
    team: Value,
    user: Value,
    upstream: Value,
    model: Value,
    tool: Value,
    format: Type.Optional(Type.Enum(["json", "csv"])),
  },
  { additionalProperties: false },
);
type Query = Static<typeof QueryJson>;

const READ = { role: "viewer", scope: "usage:read" } as const;

export function usageRoutes(api: Api, { usage, budgets }: Services): void {
  api.get(
    "/usage",
    {
      schema: {
        summary: "What was used, by day, agent, model, tool, …",
        description:
          "Dearest first; also as CSV with `format=csv` or `Accept: text/csv`. Sums of this " +
          "data directory; the ledger is the record.",
        tags: ["usage"],
        querystring: QueryJson,
        response: { 200: ReportJson },
      },
      config: { access: READ },
    },
    async ({ caller, query, headers }, reply) => {
      const groups = groupsOf(query.by);
      if (groups === undefined) {
        const detail = `by names what there is not; known: ${USAGE_GROUPS.join(", ")}`;
        return sendFault(reply, { code: "invalid", detail, pointer: "/querystring/by" });
      }
      const asked = { ...queryOf(query, groups, budgets.now()), tenant: caller.tenant };
      let rows: readonly UsageRow[];
      try {
        rows = usage.report(asked);
      } catch {
        return answer(reply, 200, fault("unavailable", "Usage cannot be read now."), String);
      }
      const csv = query.format === "csv" || headers.accept?.startsWith("text/csv") === true;
      return csv ? sendCsv(reply, groups, rows) : reportJson(asked, rows);
    },
  );
}

function groupsOf(by = "day"): readonly UsageGroup[] | undefined {
  const groups: UsageGroup[] = [];
  for (const word of by.split(",")) {
    const group = USAGE_GROUPS.find((known) => known === word.trim());
    if (group === undefined) return undefined;
    if (!groups.includes(group)) groups.push(group);
  }
  return groups;
}

function queryOf(
  query: Query,
  groups: readonly UsageGroup[],
  now: number,
): Omit<UsageQuery, "tenant"> {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  const { agent, team, user, upstream, model, tool } = query;
  return {
    from: query.from ?? day(now - (DAYS_DEFAULT - 1) * DAY_MS),
    to: query.to ?? day(now),
    groups,
    only: {
      ...(agent !== undefined && { agent }),
      ...(team !== undefined && { team }),
      ...(user !== undefined && { user }),
      ...(upstream !== undefined && { upstream }),
      ...(model !== undefined && { model }),
      ...(tool !== undefined && { tool }),
    },
    max: ROWS_MAX,
  };
}

function reportJson({ from, to }: UsageQuery, rows: readonly UsageRow[]) {
  return { from, to, items: rows.map(rowJson), truncated: rows.length >= ROWS_MAX };
}

function rowJson({ cell, counts }: UsageRow) {
  return {
    ...cell,
    calls: counts.calls,
    refused: counts.refused,
    input_tokens: counts.inputTokens,
    output_tokens: counts.outputTokens,
    cost_usd: usdText(counts.nanoUsd),
    estimated: counts.estimated,
  };
}

const COLUMNS = [
  "calls",
  "refused",
  "input_tokens",
  "output_tokens",
  "cost_usd",
  "estimated",
] as const;

function sendCsv(
  reply: FastifyReply,
  groups: readonly UsageGroup[],
  rows: readonly UsageRow[],
): FastifyReply {
  const lines = rows.map((row) => {
    const json = rowJson(row);
    const names = groups.map((group) => csvText(row.cell[group] ?? ""));
    return [...names, ...COLUMNS.map((column) => String(json[column]))].join(",");
  });
  const text = `${[[...groups, ...COLUMNS].join(","), ...lines].join("\r\n")}\r\n`;
  return reply.type(CSV).serializer(String).send(text);
}

/** RFC 4180; a leading `=`, `+`, `-` or `@` would be a formula to spreadsheets. */
function csvText(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
