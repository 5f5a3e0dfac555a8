/** `/core/v1`: /tenants: customers that are kept apart. */
import { Type } from "typebox";
import { PLANS, type Entry } from "../../core/identity/directory-entry.ts";
import { findEntry } from "../../operations/identity/find-entry.ts";
import {
  createTenant,
  resumeTenant,
  suspendTenant,
  type NewTenant,
} from "../../operations/identity/manage-tenants.ts";
import type { Api } from "./api.ts";
import { IdParams, Name, type Written } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXAMPLE = {
  id: "acme",
  name: "Acme Ltd",
  plan: "pro",
  created_at: "2026-11-21T06:00:00.000Z",
};

const FIELDS = {
  id: Type.String(),
  name: Type.String(),
  plan: Type.Enum(PLANS),
  created_at: TimeText,
  contact: Type.Optional(Type.String({ description: "An e-mail address." })),
  suspended: Type.Optional(Type.Object({ reason: Type.String(), by: Type.String(), at: TimeText })),
};
const TenantJson = Type.Object(FIELDS, { examples: [EXAMPLE] });
const NewTenantJson = Type.Object(
  {
    ...FIELDS,
    admin_key: Type.String({ description: "Of the tenant's administrator. Shown this once." }),
  },
  { examples: [{ ...EXAMPLE, admin_key: "spt_9fK2xQ…" }] },
);

const READ = { role: "viewer", scope: "tenants:read", operator: true } as const;
const WRITE = { role: "admin", scope: "tenants:write", operator: true } as const;

export function tenantRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addCreation(api, services);
  addSuspension(api, services);
}

function addReads(api: Api, { identity: { ports } }: Services): void {
  api.get(
    "/tenants",
    {
      schema: {
        summary: "List tenants",
        tags: ["tenants"],
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(TenantJson, EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, query }) => {
      const paging = pagingOf(query);
      const tenants = await ports.store.list("tenant", { tenant: caller.tenant, ...paging });
      return page(tenants, paging, (entry) => entry.id, tenantJson);
    },
  );
  api.get(
    "/tenants/:id",
    {
      schema: {
        summary: "Show a tenant",
        tags: ["tenants"],
        params: IdParams,
        response: { 200: TenantJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await findEntry("tenant", params.id, caller, ports), tenantJson),
  );
}

function addCreation(api: Api, { identity: { ports } }: Services): void {
  api.post(
    "/tenants",
    {
      schema: {
        summary: "Make a tenant and its first administrator's key",
        tags: ["tenants"],
        body: Type.Object(
          {
            id: Name,
            name: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
            plan: Type.Optional(Type.Enum(PLANS)),
            contact: Type.Optional(Type.String({ minLength: 3, maxLength: 254 })),
          },
          {
            additionalProperties: false,
            examples: [{ id: "acme", name: "Acme Ltd", plan: "pro" }],
          },
        ),
        response: { 201: NewTenantJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body: { id, name = id, plan = "free", contact } }, reply) => {
      const made = await createTenant(caller, { id, name, plan, contact }, ports);
      return answer(reply.header("cache-control", "no-store"), 201, made, newTenantJson);
    },
  );
}

function addSuspension(api: Api, { identity: { ports } }: Services): void {
  api.post(
    "/tenants/:id/suspend",
    {
      schema: {
        summary: "Suspend a tenant",
        description: "Its calls are refused, its running ones cut, its keys and logins refused.",
        tags: ["tenants"],
        params: IdParams,
        body: Type.Object(
          { reason: Type.String({ minLength: 1, maxLength: 500 }) },
          { additionalProperties: false, examples: [{ reason: "the contract has ended" }] },
        ),
        response: { 200: TenantJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, params, body }, reply) =>
      answer(reply, 200, await suspendTenant(caller, params.id, body.reason, ports), tenantJson),
  );
  api.post(
    "/tenants/:id/resume",
    {
      schema: {
        summary: "Let a tenant go on",
        tags: ["tenants"],
        params: IdParams,
        response: { 200: TenantJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await resumeTenant(caller, params.id, ports), tenantJson),
  );
}

function newTenantJson({ tenant, first }: NewTenant): Written<typeof NewTenantJson> {
  return { ...tenantJson(tenant), admin_key: first.key };
}

export function tenantJson({
  id,
  createdAt,
  body: { name, plan, suspended, contact },
}: Entry<"tenant">): Written<typeof TenantJson> {
  return {
    id,
    name,
    plan,
    created_at: timeText(createdAt),
    ...(contact !== undefined && { contact }),
    suspended: suspended && { ...suspended, at: timeText(suspended.at) },
  };
}
