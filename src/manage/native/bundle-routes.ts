/** `/core/v1`: /policies/bundles: policies made through the API, version by version. */
import { Type } from "typebox";
import { done, fault } from "../../core/fault.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import {
  activateBundle,
  proposeBundle,
  replaceBundle,
  retireBundle,
  versionsOf,
} from "../../operations/policies/manage-bundles.ts";
import type { Api } from "./api.ts";
import { SmallName } from "./fields.ts";
import { etagOf, ifMatchWhereSent } from "./etag.ts";
import type { Written } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer, sendFault } from "./problem.ts";
import { IF_MATCH_ONCE } from "./route-rules.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const TEXT = `version: 1
agents: ["*"]
rules:
  - { id: crm-read, tools: [crm.read_*], effect: allow }
`;
const EXAMPLE = {
  name: "crm",
  version: 3,
  active: true,
  digest: "7d0f1c6f…",
  files: [{ name: "crm.yaml", text: TEXT }],
  created_by: "admin",
  created_at: "2026-11-21T06:00:00.000Z",
};

export const BundleName = SmallName;
export const FilesJson = Type.Array(
  Type.Object(
    {
      name: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\\.ya?ml$" }),
      text: Type.String({ maxLength: 1_048_576 }),
    },
    { additionalProperties: false },
  ),
  { minItems: 1, maxItems: 64 },
);

const BundleJson = Type.Object(
  {
    name: Type.String(),
    version: Type.Integer(),
    active: Type.Boolean({ description: "One version at most is in force." }),
    digest: Type.String(),
    files: FilesJson,
    created_by: Type.String(),
    created_at: TimeText,
  },
  { examples: [EXAMPLE] },
);

const NewJson = Type.Object(
  {
    files: FilesJson,
    activate: Type.Optional(Type.Boolean({ description: "In force at once; else proposed." })),
  },
  { additionalProperties: false, examples: [{ files: EXAMPLE.files, activate: true }] },
);

const NameParams = Type.Object({ name: BundleName });
const VersionParams = Type.Object({
  name: BundleName,
  version: Type.String({ pattern: "^[1-9][0-9]{0,8}$" }),
});
const READ = { role: "viewer", scope: "policies:read" } as const;
const WRITE = { role: "admin", scope: "policies:write" } as const;

export function bundleRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addProposal(api, services);
  addActivation(api, services);
}

function addReads(api: Api, { policies: { ports } }: Services): void {
  api.get(
    "/policies/bundles",
    {
      schema: {
        summary: "List policies made through APIs, with all their versions",
        tags: ["policies"],
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(BundleJson, EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller: { tenant }, query }) => {
      const paging = pagingOf(query);
      const found = await ports.store.list("bundle", { tenant, ...paging });
      return page(found, paging, ({ id }) => id, bundleJson);
    },
  );
  api.get(
    "/policies/bundles/:name/versions/:version",
    {
      schema: {
        summary: "Show one version of a bundle",
        tags: ["policies"],
        params: VersionParams,
        response: { 200: BundleJson },
      },
      config: { access: READ },
    },
    async ({ caller, params: { name, version } }, reply) => {
      const versions = await versionsOf(caller.tenant, name, ports);
      const found = versions.find(({ body }) => body.version === Number(version));
      if (found !== undefined) void reply.header("etag", newestOf(versions));
      return answer(reply, 200, found === undefined ? NO_VERSION : done(found), bundleJson);
    },
  );
}

/** All versions of a bundle have one tag: what two people may edit is its next version. */
function newestOf(versions: readonly Entry<"bundle">[]): string {
  return etagOf({ revision: Math.max(0, ...versions.map(({ body }) => body.version)) });
}

const NO_VERSION = fault("not_found", "There is no such version of a policy bundle.");

function addProposal(api: Api, { policies: { ports } }: Services): void {
  api.post(
    "/policies/bundles/:name/versions",
    {
      schema: {
        summary: "Add a version of a bundle",
        description:
          "It binds the agents of your tenant beside the operator's files. It is compiled with " +
          "all that is in force, and its tests run; problems come with their lines. The ETag is " +
          "the bundle's: with If-Match, nothing is written over what somebody else wrote meanwhile.",
        tags: ["policies"],
        headers: IF_MATCH_ONCE,
        params: NameParams,
        body: NewJson,
        response: { 201: BundleJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async (request, reply) => {
      const { caller, params, body } = request;
      const expect = ifMatchWhereSent(request);
      if (expect.kind === "fault") return sendFault(reply, expect.fault);
      const after = expect.value === "any" ? undefined : expect.value;
      const add = body.activate === true ? replaceBundle : proposeBundle;
      const added = await add(caller, { name: params.name, files: body.files, after }, ports);
      if (added.kind === "done") void reply.header("etag", newestOf([added.value]));
      return answer(reply, 201, added, bundleJson);
    },
  );
}

function addActivation(api: Api, { policies: { ports } }: Services): void {
  api.post(
    "/policies/bundles/:name/versions/:version/activate",
    {
      schema: {
        summary: "Put this version in force, also to roll back",
        tags: ["policies"],
        params: VersionParams,
        response: { 200: BundleJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params: { name, version } }, reply) => {
      const wanted = { name, version: Number(version) };
      return answer(reply, 200, await activateBundle(caller, wanted, ports), bundleJson);
    },
  );
  api.delete(
    "/policies/bundles/:name",
    {
      schema: {
        summary: "Take a bundle out of force; its versions are kept",
        tags: ["policies"],
        params: NameParams,
        response: { 204: Type.Null({ description: "Out of force." }) },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 204, await retireBundle(caller, params.name, ports), () => undefined),
  );
}

function bundleJson({ body, createdAt }: Entry<"bundle">): Written<typeof BundleJson> {
  const { name, version, active, digest, files, createdBy } = body;
  return {
    name,
    version,
    active,
    digest,
    files: files.map((file) => ({ ...file })),
    created_by: createdBy,
    created_at: timeText(createdAt),
  };
}
