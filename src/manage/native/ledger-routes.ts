/** `/core/v1`: /ledger: looking through the record, totals, outside entries. */
import { Type, type Static } from "typebox";
import { fault } from "../../core/fault.ts";
import { TALLY_GROUPS, type TallyGroup, type TallyRow } from "../../core/ledger/ledger-index.ts";
import { nanoUsdOf, usdText } from "../../core/money/usd-text.ts";
import { addUpRecords, findRecords, listRecords } from "../../operations/records/read-records.ts";
import { recordEvent, type EventWish } from "../../operations/records/record-event.ts";
import type { Api } from "./api.ts";
import {
  FILTER_QUERY,
  filterOf,
  NewEventJson,
  RECORD_EXAMPLE,
  RecordJson,
  recordPage,
  WHOLE_EXAMPLE,
  WholeRecordJson,
  wholeRecordJson,
} from "./ledger-json.ts";
import { PAGE_QUERY, pageOf, pagingOf } from "./paging.ts";
import { answer } from "./problem.ts";
import type { Services } from "./services.ts";

const READ = { role: "agent", scope: "ledger:read" } as const;
const WRITE = { role: "agent", scope: "ledger:write" } as const;
const ROWS_MAX = 10_000;

export const EntryParams = Type.Object({
  entry: Type.String({
    maxLength: 128,
    description: "`<writer>:<seq>`, an exchange's id or an outside event's.",
  }),
});

const TotalJson = Type.Object({
  ...Object.fromEntries(TALLY_GROUPS.map((group) => [group, Type.Optional(Type.String())])),
  count: Type.Integer({ minimum: 0 }),
  flagged: Type.Integer({ minimum: 0 }),
  cost_usd: Type.String(),
});
const TotalsJson = Type.Object(
  { items: Type.Array(TotalJson) },
  {
    examples: [
      { items: [{ agent: "support-bot", count: 120, flagged: 2, cost_usd: "0.153600000" }] },
    ],
  },
);

export function ledgerRoutes(api: Api, services: Services): void {
  addLists(api, services);
  addEntries(api, services);
}

function addLists(api: Api, { records: { index } }: Services): void {
  api.get(
    "/ledger",
    {
      schema: {
        summary: "Look through the record",
        description:
          "An agent's key sees the agent's own records. `kind=outcome,event` tells of each deed once.",
        tags: ["ledger"],
        querystring: Type.Object(
          {
            ...PAGE_QUERY,
            ...FILTER_QUERY,
            order: Type.Optional(Type.Enum(["newest", "oldest"])),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageOf(RecordJson, RECORD_EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, query }, reply) => {
      const wish = { ...filterOf(query), ...pagingOf(query), order: query.order ?? "newest" };
      return answer(reply, 200, await listRecords(caller, wish, index), recordPage);
    },
  );
  api.get(
    "/ledger/totals",
    {
      schema: {
        summary: "Add up what is recorded",
        tags: ["ledger"],
        querystring: Type.Object(
          {
            ...FILTER_QUERY,
            by: Type.Optional(
              Type.String({
                maxLength: 128,
                description: `What to group by, with commas: ${TALLY_GROUPS.join(", ")}.`,
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: TotalsJson },
      },
      config: { access: READ },
    },
    async ({ caller, query }, reply) => {
      const groups = groupsOf(query.by);
      if (groups === undefined) return answer(reply, 200, UNKNOWN_GROUP, String);
      const wish = { ...filterOf(query), groups, max: ROWS_MAX };
      const rows = await addUpRecords(caller, wish, index);
      return answer(reply, 200, rows, (found) => ({ items: found.map(totalJson) }));
    },
  );
}

function addEntries(api: Api, { records: { index, recording } }: Services): void {
  api.get(
    "/ledger/:entry",
    {
      schema: {
        summary: "All that is recorded under a name",
        tags: ["ledger"],
        params: EntryParams,
        response: {
          200: Type.Object(
            { items: Type.Array(WholeRecordJson) },
            { examples: [{ items: [WHOLE_EXAMPLE] }] },
          ),
        },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) => {
      const found = await findRecords(caller, params.entry, index);
      return answer(reply, 200, found, (records) => ({ items: records.map(wholeRecordJson) }));
    },
  );
  api.post(
    "/ledger/entries",
    {
      schema: {
        summary: "Record what happened outside the gate",
        description: "An agent tells of its own deeds; of people, those tell who may intervene.",
        tags: ["ledger"],
        body: NewEventJson,
        response: {
          201: Type.Object({ id: Type.String() }, { examples: [{ id: "evt_01kamz3v9e3x6v0q" }] }),
        },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const recorded = await recordEvent(caller, eventWish(body), recording);
      return answer(reply, 201, recorded, ({ id }) => ({ id }));
    },
  );
}

function eventWish(body: Static<typeof NewEventJson>): EventWish {
  const { action, agent, session, user, upstream, tool, model, reason, details } = body;
  return {
    action,
    agent,
    session,
    user,
    upstream,
    tool,
    model,
    reason,
    details,
    cost: body.cost_usd === undefined ? undefined : nanoUsdOf(body.cost_usd),
    flagged: body.flagged ?? false,
    data: body.data ?? {},
  };
}

const UNKNOWN_GROUP = fault("invalid", `by is one of ${TALLY_GROUPS.join(", ")}`, {
  pointer: "/querystring/by",
});

function groupsOf(by: string | undefined): readonly TallyGroup[] | undefined {
  if (by === undefined) return [];
  const groups = new Set<TallyGroup>();
  for (const word of by.split(",")) {
    const group = TALLY_GROUPS.find((known) => known === word.trim());
    if (group === undefined) return undefined;
    groups.add(group);
  }
  return [...groups];
}

function totalJson({ cell, count, flagged, cost }: TallyRow) {
  return { ...cell, count, flagged, cost_usd: usdText(cost) };
}
