/** `/core/v1`: /ledger/erasures: forgetting a person, and which replica has done it. */
import { Type } from "typebox";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { erasePerson, forgetReplica } from "../../operations/records/retention.ts";
import { listStandings, showStanding } from "../../operations/records/show-standings.ts";
import type { Api } from "./api.ts";
import { IdParams, type Written } from "./fields.ts";
import { ERASURE_EXAMPLE, erasureJson, ErasureJson } from "./order-json.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer } from "./problem.ts";
import { Person, READ, Reason, WRITE } from "./retention-routes.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

export function erasureRoutes(api: Api, services: Services): void {
  addErasures(api, services);
  addErasureLists(api, services);
  addReplicas(api, services);
}

function addErasures(api: Api, { records: { retention } }: Services): void {
  api.post(
    "/ledger/erasures",
    {
      schema: {
        summary: "Erase what is kept about a person",
        description:
          "The name, and free text about them, on every replica: each does it and puts it on its own ledger, one that is away at its next start. Records keep tokens that say nothing, and what comes later is recorded under one that nobody can resolve. Asked again, it shows how far the replicas have come.",
        tags: ["ledger"],
        body: Type.Object(
          { person: Person, reason: Reason },
          {
            additionalProperties: false,
            examples: [{ person: "jane@example.org", reason: "art. 17" }],
          },
        ),
        response: { 200: ErasureJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller: { tenant, name: by }, body: { person, reason } }, reply) => {
      const erased = await erasePerson({ tenant, by }, person, reason, retention);
      return answer(reply, 200, erased, erasureJson);
    },
  );
}

function addErasureLists(api: Api, { records: { retention } }: Services): void {
  api.get(
    "/ledger/erasures",
    {
      schema: {
        summary: "List erasures",
        description: "Whom they are about nobody can say any more; what is done where, they do.",
        tags: ["ledger"],
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(ErasureJson, ERASURE_EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller: { tenant }, query }) => {
      const paging = pagingOf(query);
      const found = await listStandings("erasure", { tenant, ...paging }, retention);
      return page(found, paging, ({ order }) => order.id, erasureJson);
    },
  );
  api.get(
    "/ledger/erasures/:id",
    {
      schema: {
        summary: "Show an erasure",
        tags: ["ledger"],
        params: IdParams,
        response: { 200: ErasureJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await showStanding("erasure", params.id, caller, retention), erasureJson),
  );
}

function addReplicas(api: Api, { records: { retention } }: Services): void {
  const example = {
    replica: "rep_01kamz3v9e3x6v0q2m8r5t7w9y",
    host: "gate-3",
    seen_at: "2026-11-21T06:00:00.000Z",
  };
  const ReplicaJson = Type.Object(
    { replica: Type.String(), host: Type.String(), seen_at: TimeText },
    { examples: [example] },
  );
  const replicaJson = ({ id, body }: Entry<"replica">): Written<typeof ReplicaJson> => ({
    replica: id,
    host: body.host,
    seen_at: timeText(body.seenAt),
  });
  api.get(
    "/ledger/replicas",
    {
      schema: {
        summary: "List the replicas whose ledgers hear of holds and erasures",
        description: "Each says so at its start and every hour.",
        tags: ["ledger"],
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(ReplicaJson, example) },
      },
      config: { access: { ...READ, operator: true } },
    },
    async ({ query }) => {
      const paging = pagingOf(query);
      const found = await retention.store.list("replica", { tenant: DEFAULT_TENANT, ...paging });
      return page(found, paging, ({ id }) => id, replicaJson);
    },
  );
  api.delete(
    "/ledger/replicas/:id",
    {
      schema: {
        summary: "Forget a replica that will not come back",
        description:
          "Holds and erasures no longer wait for its data directory. One that comes back all the same carries out what it missed.",
        tags: ["ledger"],
        params: IdParams,
        response: { 200: ReplicaJson },
      },
      config: { access: { ...WRITE, operator: true } },
    },
    async ({ caller: { tenant, name: by }, params }, reply) =>
      answer(reply, 200, await forgetReplica({ tenant, by }, params.id, retention), replicaJson),
  );
}
