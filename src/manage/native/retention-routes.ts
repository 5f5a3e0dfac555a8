/** `/core/v1`: /ledger/holds and /ledger/removals: what is kept, and what goes. */
import { Type } from "typebox";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { placeHold, pruneLedger, releaseHold } from "../../operations/records/retention.ts";
import { listStandings, showStanding } from "../../operations/records/show-standings.ts";
import { instant } from "../../core/units.ts";
import type { Api } from "./api.ts";
import { IdParams } from "./fields.ts";
import { timeOf } from "./ledger-json.ts";
import { HOLD_EXAMPLE, holdJson, HoldJson } from "./order-json.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText } from "./time-text.ts";

export const READ = { role: "auditor", scope: "ledger:read" } as const;
export const WRITE = { role: "compliance_officer", scope: "ledger:write" } as const;

export const Reason = Type.String({
  minLength: 3,
  maxLength: 500,
  description: "Stands on the record.",
});
export const Person = Type.String({ minLength: 1, maxLength: 512 });

const NewHoldJson = Type.Object(
  {
    reason: Reason,
    from: Type.Optional(TimeText),
    to: Type.Optional(TimeText),
    person: Type.Optional(Person),
  },
  {
    additionalProperties: false,
    description: "Keeps the records of a time, or of all time, and what is kept about a person.",
    examples: [{ reason: "case 4711", from: "2026-10-01T00:00:00Z" }],
  },
);

export function retentionRoutes(api: Api, services: Services): void {
  addHoldLists(api, services);
  addHolds(api, services);
  addRemovals(api, services);
}

function addHoldLists(api: Api, { records: { retention } }: Services): void {
  api.get(
    "/ledger/holds",
    {
      schema: {
        summary: "List legal holds",
        description: "Those in force, and on which replicas' ledgers they are.",
        tags: ["ledger"],
        querystring: Type.Object(
          {
            ...PAGE_QUERY,
            released: Type.Optional(
              Type.Enum(["true", "false"], { description: "`true`: those that ended as well." }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageOf(HoldJson, HOLD_EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller: { tenant }, query }) => {
      const paging = pagingOf(query);
      const asked = { tenant, ...paging };
      const all = query.released === "true";
      const isShown = ({ body }: Entry<"hold">): boolean => all || body.released === undefined;
      const holds = await listStandings("hold", asked, retention, isShown);
      return page(holds, paging, ({ order }) => order.id, holdJson);
    },
  );
  api.get(
    "/ledger/holds/:id",
    {
      schema: {
        summary: "Show a legal hold",
        tags: ["ledger"],
        params: IdParams,
        response: { 200: HoldJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await showStanding("hold", params.id, caller, retention), holdJson),
  );
}

function addHolds(api: Api, { records: { retention } }: Services): void {
  api.post(
    "/ledger/holds",
    {
      schema: {
        summary: "Place a legal hold",
        description:
          "It wins over retention and erasure until it is released, on every replica: each puts it on its own ledger, one that is away at its next start.",
        tags: ["ledger"],
        body: NewHoldJson,
        response: { 201: HoldJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller: { tenant, name: by }, body }, reply) => {
      const { reason, from, to, person } = body;
      const wish = { reason, from: timeOf(from), to: timeOf(to), person };
      return answer(reply, 201, await placeHold({ tenant, by }, wish, retention), holdJson);
    },
  );
  api.delete(
    "/ledger/holds/:id",
    {
      schema: {
        summary: "Release a legal hold",
        tags: ["ledger"],
        params: IdParams,
        response: { 200: HoldJson },
      },
      config: { access: WRITE },
    },
    async ({ caller: { tenant, name: by }, params }, reply) =>
      answer(reply, 200, await releaseHold({ tenant, by }, params.id, retention), holdJson),
  );
}

function addRemovals(api: Api, { records: { retention } }: Services): void {
  const example = { segments: 3, records: 21_000, kept: 0 };
  api.post(
    "/ledger/removals",
    {
      schema: {
        summary: "Remove old records",
        description:
          "Of this replica, and of all tenants: whole segments, oldest first; their hashes stay, so that the rest can be proven.",
        tags: ["ledger"],
        body: Type.Object(
          { before: TimeText, reason: Reason },
          {
            additionalProperties: false,
            examples: [{ before: "2026-01-01T00:00:00Z", reason: "retention of 90 days" }],
          },
        ),
        response: {
          200: Type.Object(
            { segments: Type.Integer(), records: Type.Integer(), kept: Type.Integer() },
            { examples: [example] },
          ),
        },
      },
      config: { access: { ...WRITE, operator: true }, idempotent: true },
    },
    async ({ caller, body: { before, reason } }, reply) => {
      const until = timeOf(before) ?? instant(0);
      const pruned = await pruneLedger(caller.name, until, reason, retention);
      return answer(reply, 200, pruned, (done) => done);
    },
  );
}
