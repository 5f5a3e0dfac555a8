/** `/core/v1`: /upstreams and /tools: servers that a tenant registered, and what they offer. */
import { Type } from "typebox";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { isJsonObject } from "../../core/json.ts";
import type { Upstream } from "../../core/upstream.ts";
import { listTools, type SeenTool } from "../../operations/upstreams/list-tools.ts";
import { registerUpstream, removeUpstream } from "../../operations/upstreams/manage-upstreams.ts";
import type { Api } from "./api.ts";
import { Name, type Written } from "./fields.ts";
import { namedPage, page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXAMPLE = {
  name: "crm",
  wire: "mcp",
  origin: "https://crm.example.com",
  source: "directory",
  created_by: "admin",
  created_at: "2026-11-21T06:00:00.000Z",
};

const UpstreamJson = Type.Object(
  {
    name: Type.String(),
    wire: Type.String(),
    origin: Type.String(),
    source: Type.Enum(["directory", "config"]),
    created_by: Type.Optional(Type.String()),
    created_at: Type.Optional(TimeText),
  },
  { examples: [EXAMPLE] },
);

const EntryJson = Type.Object(
  { name: Type.String({ maxLength: 63 }) },
  {
    additionalProperties: true,
    description:
      "As an entry of `upstreams` in the configuration, without processes: `sallyport config schema`.",
    examples: [{ name: "crm", wire: "mcp", url: "https://crm.example.com/mcp" }],
  },
);

const TOOL = {
  upstream: "crm",
  name: "read_customer",
  standing: "approved",
  description: "Reads one customer.",
  suspicions: [],
};
const ToolJson = Type.Object(
  {
    upstream: Type.String(),
    name: Type.String(),
    standing: Type.Enum(["pending", "approved", "changed"]),
    description: Type.Optional(Type.String()),
    suspicions: Type.Array(Type.String()),
  },
  { examples: [TOOL] },
);

const READ = { role: "viewer", scope: "upstreams:read" } as const;
const WRITE = { role: "admin", scope: "upstreams:write" } as const;

export function upstreamRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addWrites(api, services);
}

function addReads(api: Api, { upstreams: ports }: Services): void {
  api.get(
    "/upstreams",
    {
      schema: {
        summary: "List upstreams",
        description: "Of the configuration and those your tenant registered, by name.",
        tags: ["upstreams"],
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(UpstreamJson, EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller: { tenant }, query }) => {
      const paging = pagingOf(query);
      const { after, limit } = paging;
      const stored = await ports.store.list("upstream", { tenant, after, limit });
      const listed = [...ports.configured.values()];
      return namedPage(stored.map(upstreamJson), listed.map(configuredJson), paging);
    },
  );
  api.get(
    "/tools",
    {
      schema: {
        summary: "List the MCP tools that servers were seen to offer",
        tags: ["upstreams"],
        querystring: Type.Object(
          { ...PAGE_QUERY, upstream: Type.Optional(Name) },
          { additionalProperties: false },
        ),
        response: { 200: pageOf(ToolJson, TOOL) },
      },
      config: { access: READ },
    },
    async ({ caller, query }) => {
      const paging = pagingOf(query);
      const tools = await listTools(caller.tenant, ports);
      const found = tools.filter(
        (tool) =>
          (paging.after ?? "") < keyOf(tool) &&
          (query.upstream === undefined || tool.upstream === query.upstream),
      );
      return page(found.slice(0, paging.limit), paging, keyOf, toolJson);
    },
  );
}

function addWrites(api: Api, { upstreams: ports }: Services): void {
  api.post(
    "/upstreams",
    {
      schema: {
        summary: "Register an upstream for your tenant",
        description: "Agents of your tenant reach it at once, where policy allows.",
        tags: ["upstreams"],
        body: EntryJson,
        response: { 201: UpstreamJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const entry: unknown = body;
      if (!isJsonObject(entry)) return sendFault(reply, NO_ENTRY);
      return answer(reply, 201, await registerUpstream(caller, entry, ports), upstreamJson);
    },
  );
  api.delete(
    "/upstreams/:name",
    {
      schema: {
        summary: "Remove an upstream that was registered here",
        tags: ["upstreams"],
        params: Type.Object({ name: Name }),
        response: { 204: Type.Null({ description: "Removed." }) },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 204, await removeUpstream(caller, params.name, ports), () => undefined),
  );
}

const NO_ENTRY = { code: "invalid", detail: "An entry is a JSON object." } as const;

function upstreamJson({ body, createdAt }: Entry<"upstream">): Written<typeof UpstreamJson> {
  const { name, entry, createdBy } = body;
  const { wire = "http", url } = entry;
  return {
    name,
    wire: typeof wire === "string" ? wire : "http",
    origin: typeof url === "string" ? (URL.parse(url)?.origin ?? "") : "",
    source: "directory",
    created_by: createdBy,
    created_at: timeText(createdAt),
  };
}

function configuredJson({ name, wire, origin }: Upstream): Written<typeof UpstreamJson> {
  return { name, wire, origin, source: "config" };
}

function keyOf({ upstream, name }: SeenTool): string {
  return `${upstream}.${name}`;
}

function toolJson(tool: SeenTool): Written<typeof ToolJson> {
  return { ...tool, suspicions: tool.suspicions.map(({ detail }) => detail) };
}
