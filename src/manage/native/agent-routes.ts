/** `/core/v1`: /agents: agents of the directory. */
import { Type } from "typebox";
import type { AgentRecord, Entry } from "../../core/identity/directory-entry.ts";
import { id } from "../../core/units.ts";
import { findEntry } from "../../operations/identity/find-entry.ts";
import {
  agentEntryId,
  registerAgent,
  removeAgent,
  updateAgent,
} from "../../operations/identity/manage-agents.ts";
import type { Api } from "./api.ts";
import { etagOf, ifMatch, IF_MATCH } from "./etag.ts";
import { AgentName, Clearance, SmallName, type Written } from "./fields.ts";
import { namedPage, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer, sendFault } from "./problem.ts";
import type { ListedAgent, Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const Label = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" });
const Tags = Type.Record(Type.String({ pattern: "^[a-z][a-z0-9_-]{0,31}$" }), Label, {
  maxProperties: 16,
});
const Subjects = Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
  maxItems: 16,
  description:
    "Who else is this agent: the subject of a client certificate, or " +
    "`system:serviceaccount:<namespace>:<name>`.",
});

const EXAMPLE = {
  name: "support-bot",
  clearance: 2,
  team: "support",
  tags: { env: "prod" },
  subjects: ["system:serviceaccount:support:bot"],
  active: true,
  source: "directory",
  created_at: "2026-11-21T06:00:00.000Z",
};

const AgentJson = Type.Object(
  {
    name: Type.String(),
    clearance: Type.Integer(),
    team: Type.Optional(Type.String()),
    user: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    tags: Type.Record(Type.String(), Type.String()),
    subjects: Type.Array(Type.String()),
    active: Type.Boolean(),
    source: Type.Enum(["directory", "config"]),
    created_at: Type.Optional(TimeText),
  },
  { examples: [EXAMPLE] },
);

const CHANGEABLE = {
  clearance: Type.Optional(Clearance),
  team: Type.Optional(Label),
  user: Type.Optional(Label),
  description: Type.Optional(Type.String({ maxLength: 500 })),
  tags: Type.Optional(Tags),
  subjects: Type.Optional(Subjects),
};

const NewAgentJson = Type.Object(
  { name: SmallName, ...CHANGEABLE },
  { additionalProperties: false, examples: [{ name: "support-bot", clearance: 2 }] },
);
const AgentChangesJson = Type.Object(
  { ...CHANGEABLE, active: Type.Optional(Type.Boolean()) },
  { additionalProperties: false, minProperties: 1, examples: [{ active: false }] },
);

const NameParams = Type.Object({ name: AgentName });
const READ = { role: "viewer", scope: "agents:read" } as const;
const WRITE = { role: "admin", scope: "agents:write" } as const;

export function agentRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addRegistration(api, services);
  addChanges(api, services);
}

function addReads(api: Api, { identity: { ports, listedAgents } }: Services): void {
  const listed = [...listedAgents.values()];
  api.get(
    "/agents",
    {
      schema: {
        summary: "List agents",
        description: "Of the directory and of the configuration, by name.",
        tags: ["agents"],
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(AgentJson, EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, query }) => {
      const paging = pagingOf(query);
      const { limit, after } = paging;
      const from = after === undefined ? undefined : agentEntryId(caller.tenant, id(after));
      const stored = await ports.store.list("agent", { tenant: caller.tenant, after: from, limit });
      const configured = listed.filter(({ tenant }) => tenant === caller.tenant);
      return namedPage(stored.map(agentJson), configured.map(listedJson), paging);
    },
  );
  api.get(
    "/agents/:name",
    {
      schema: {
        summary: "Show an agent",
        tags: ["agents"],
        params: NameParams,
        response: { 200: AgentJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) => {
      const agent = listedAgents.get(params.name);
      if (agent?.tenant === caller.tenant) return reply.send(listedJson(agent));
      const found = await findEntry(
        "agent",
        agentEntryId(caller.tenant, id(params.name)),
        caller,
        ports,
      );
      if (found.kind === "done") void reply.header("etag", etagOf(found.value));
      return answer(reply, 200, found, agentJson);
    },
  );
}

function addRegistration(api: Api, { identity: { ports, listedAgents } }: Services): void {
  api.post(
    "/agents",
    {
      schema: {
        summary: "Register an agent",
        tags: ["agents"],
        body: NewAgentJson,
        response: { 201: AgentJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const agent: AgentRecord = {
        name: id(body.name),
        team: body.team,
        user: body.user,
        tags: body.tags ?? {},
        clearance: body.clearance ?? 1,
        description: body.description,
        subjects: body.subjects ?? [],
        active: true,
      };
      const names = new Set(listedAgents.keys());
      return answer(reply, 201, await registerAgent(caller, agent, names, ports), agentJson);
    },
  );
}

function addChanges(api: Api, { identity: { ports } }: Services): void {
  api.patch(
    "/agents/:name",
    {
      schema: {
        summary: "Change an agent",
        tags: ["agents"],
        params: NameParams,
        headers: IF_MATCH,
        body: AgentChangesJson,
        response: { 200: AgentJson },
      },
      config: { access: WRITE },
    },
    async (request, reply) => {
      const expect = ifMatch(request);
      if (expect.kind === "fault") return sendFault(reply, expect.fault);
      const { caller, params, body } = request;
      const changed = await updateAgent(caller, id(params.name), body, expect.value, ports);
      if (changed.kind === "done") void reply.header("etag", etagOf(changed.value));
      return answer(reply, 200, changed, agentJson);
    },
  );
  api.delete(
    "/agents/:name",
    {
      schema: {
        summary: "Remove an agent with its keys and sessions",
        tags: ["agents"],
        params: NameParams,
        response: { 204: Type.Null({ description: "Removed." }) },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 204, await removeAgent(caller, id(params.name), ports), () => undefined),
  );
}

export function agentJson({ body, createdAt }: Entry<"agent">): Written<typeof AgentJson> {
  const { name, clearance, team, user, description, tags, subjects, active } = body;
  return {
    name,
    clearance,
    team,
    user,
    description,
    tags,
    subjects: [...subjects],
    active,
    source: "directory",
    created_at: timeText(createdAt),
  };
}

/** It is changed in the file. */
function listedJson(agent: ListedAgent): Written<typeof AgentJson> {
  const { name, clearance, team, user, tags } = agent;
  const subjects = [...agent.subjects];
  return { name, clearance, team, user, tags, subjects, active: true, source: "config" };
}
