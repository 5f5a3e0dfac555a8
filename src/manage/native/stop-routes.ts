/** `/core/v1`: /stops: an agent, a session or everything. */
import { Type, type Static } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { stopText, type StopTarget } from "../../core/identity/stop.ts";
import { id } from "../../core/units.ts";
import { liftStop, stopAgents } from "../../operations/identity/stop-agents.ts";
import type { Api } from "./api.ts";
import { AgentName, type Written } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXAMPLE = {
  target: "agent:support-bot",
  mode: "kill",
  reason: "it deletes customers",
  by: "alice",
  at: "2026-11-21T06:00:00.000Z",
};

const StopJson = Type.Object(
  {
    target: Type.String({ description: "`everything`, `agent:<name>` or `session:<id>`." }),
    mode: Type.Enum(["freeze", "kill"]),
    reason: Type.String(),
    by: Type.String(),
    at: TimeText,
  },
  { examples: [EXAMPLE] },
);

const TARGET = {
  agent: Type.Optional(AgentName),
  session: Type.Optional(Type.String({ maxLength: 128 })),
  everything: Type.Optional(Type.Literal(true)),
};

const NewStopJson = Type.Object(
  {
    ...TARGET,
    mode: Type.Enum(["freeze", "kill"]),
    reason: Type.String({ minLength: 1, maxLength: 500 }),
  },
  {
    additionalProperties: false,
    description: "`freeze` refuses new calls; `kill` also cuts what is running.",
    examples: [{ agent: "support-bot", mode: "kill", reason: "it deletes customers" }],
  },
);
const LiftJson = Type.Object(TARGET, {
  additionalProperties: false,
  examples: [{ agent: "support-bot" }],
});

const READ = { role: "viewer", scope: "stops:read" } as const;
const WRITE = { role: "compliance_officer", scope: "stops:write" } as const;

export function stopRoutes(api: Api, { identity: { ports } }: Services): void {
  api.get(
    "/stops",
    {
      schema: {
        summary: "What is stopped",
        tags: ["stops"],
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(StopJson, EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, query }) => {
      const paging = pagingOf(query);
      const stops = await ports.store.list("stop", { tenant: caller.tenant, ...paging });
      return page(stops, paging, (entry) => entry.id, stopJson);
    },
  );
  api.post(
    "/stops",
    {
      schema: {
        summary: "Stop one agent, one session or everything",
        description: "In force on every replica within 100 ms.",
        tags: ["stops"],
        body: NewStopJson,
        response: { 201: StopJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const target = targetOf(body);
      if (target.kind === "fault") return sendFault(reply, target.fault);
      const { mode, reason } = body;
      const stopped = await stopAgents(caller, { target: target.value, mode, reason }, ports);
      return answer(reply, 201, stopped, stopJson);
    },
  );
  api.post(
    "/stops/lift",
    {
      schema: {
        summary: "Let go on",
        tags: ["stops"],
        body: LiftJson,
        response: { 200: StopJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, body }, reply) => {
      const target = targetOf(body);
      if (target.kind === "fault") return sendFault(reply, target.fault);
      return answer(reply, 200, await liftStop(caller, target.value, ports), stopJson);
    },
  );
}

function targetOf({ agent, session, everything }: Static<typeof LiftJson>): Answer<StopTarget> {
  const named: StopTarget[] = [];
  if (agent !== undefined) named.push({ kind: "agent", agent: id(agent) });
  if (session !== undefined) named.push({ kind: "session", session: id(session) });
  if (everything === true) named.push({ kind: "everything" });
  const [target] = named;
  if (target !== undefined && named.length === 1) return done(target);
  return fault("invalid", "Name one of agent, session and everything.");
}

export function stopJson({
  body: { target, mode, reason, by, at },
}: Entry<"stop">): Written<typeof StopJson> {
  return { target: stopText(target), mode, reason, by, at: timeText(at) };
}
