import { Type } from "typebox";
import type { Decision } from "../../core/decision.ts";
import { CLEARANCE_DEFAULT } from "../../core/identity/directory-entry.ts";
import { isJsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import { id, type AgentId } from "../../core/units.ts";
import { agentEntryId } from "../../operations/identity/manage-agents.ts";
import { readPlannedCall } from "../../operations/planning/planned-call.ts";
import type { Api } from "./api.ts";
import { Clearance, Name, type Written } from "./fields.ts";
import { sendFault } from "./problem.ts";
import type { Services } from "./services.ts";

const PoliciesJson = Type.Object(
  {
    digest: Type.String({ description: "Of what is in force." }),
    rules: Type.Integer(),
    files: Type.Array(Type.Object({ name: Type.String(), text: Type.String() })),
  },
  {
    examples: [
      { digest: "5f2c…", rules: 12, files: [{ name: "support-bot.yaml", text: "version: 1\n…" }] },
    ],
  },
);

const Text = Type.String({ maxLength: 2_048 });

const AskJson = Type.Object(
  {
    agent: Name,
    team: Type.Optional(Name),
    clearance: Type.Optional(Clearance),
    marks: Type.Optional(Type.Array(Name, { maxItems: 64 })),
    tool: Type.Optional(Text),
    prompt: Type.Optional(Text),
    resource: Type.Optional(Text),
    arguments: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    model: Type.Optional(Text),
    method: Type.Optional(Text),
    path: Type.Optional(Text),
    upstream: Type.Optional(Name),
  },
  {
    additionalProperties: false,
    description: "One of tool, prompt, resource, model, or method with path.",
    examples: [{ agent: "support-bot", tool: "crm.delete_customer", arguments: { id: "42" } }],
  },
);

const DecisionJson = Type.Object(
  {
    effect: Type.Enum(["allow", "conditional", "escalate", "deny"]),
    rules: Type.Array(Type.String()),
    detail: Type.Optional(Type.String()),
    remedy: Type.Optional(Type.String()),
    approvers: Type.Optional(Type.Array(Type.String())),
    policy: Type.String(),
  },
  {
    examples: [
      { effect: "escalate", rules: ["crm-delete"], approvers: ["role:manager"], policy: "5f2c…" },
    ],
  },
);

export function policyRoutes(api: Api, services: Services): void {
  addFiles(api, services);
  addDecisions(api, services);
}

function addFiles(api: Api, { policies }: Services): void {
  api.get(
    "/policies",
    {
      schema: {
        summary: "The policies in force",
        tags: ["policies"],
        response: { 200: PoliciesJson },
      },
      config: { access: { role: "viewer", scope: "policies:read", operator: true } },
    },
    (): Written<typeof PoliciesJson> => {
      const { digest, ruleCount } = policies.snapshot();
      const files = policies.files().map(({ file, text }) => ({ name: file, text }));
      return { digest, rules: ruleCount, files };
    },
  );
}

function addDecisions(api: Api, { policies, identity: { ports, listedAgents } }: Services): void {
  api.post(
    "/decisions",
    {
      schema: {
        summary: "Ask what policy says of a call, without making it",
        description: "Neither money, nor pins, nor the session are looked at.",
        tags: ["policies"],
        body: AskJson,
        response: { 200: DecisionJson },
      },
      config: { access: { role: "viewer", scope: "decisions:read" } },
    },
    async ({ caller, body }, reply) => {
      const { agent, team, clearance, marks, ...call } = body;
      const asked: unknown = call;
      const reading = isJsonObject(asked) ? readPlannedCall(asked) : undefined;
      if (reading?.kind !== "ok") {
        const detail = reading?.problem ?? "Name a call.";
        return sendFault(reply, { code: "invalid", detail });
      }
      const snapshot = policies.snapshot();
      const name = id<AgentId>(agent);
      const stored = await ports.store.get("agent", agentEntryId(caller.tenant, name));
      const listed = listedAgents.get(agent);
      const known = listed?.tenant === caller.tenant ? listed : stored?.body;
      const principal: Principal = {
        agent: name,
        tenant: caller.tenant,
        session: id("decisions"),
        team: team ?? known?.team,
        user: known?.user,
        run: undefined,
        tags: known?.tags ?? {},
        provenBy: "api_key",
        clearance: clearance ?? stored?.body.clearance ?? CLEARANCE_DEFAULT,
      };
      const facts = { now: ports.now(), marks: marks ?? [], source: reading.call.source };
      const decision = snapshot.decide(principal, reading.call.action, facts);
      return reply.send(decisionJson(decision, snapshot.digest));
    },
  );
}

function decisionJson(decision: Decision, policy: string): Written<typeof DecisionJson> {
  const { kind: effect, because } = decision;
  return {
    effect,
    rules: [...because],
    detail: decision.kind === "deny" ? decision.detail : undefined,
    remedy: decision.kind === "deny" ? decision.remedy : undefined,
    approvers: decision.kind === "escalate" ? [...decision.approval.approvers] : undefined,
    policy,
  };
}
