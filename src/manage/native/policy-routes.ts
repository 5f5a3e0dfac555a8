import { Type } from "typebox";
import type { Decision } from "../../core/decision.ts";
import type { Principal } from "../../core/principal.ts";
import { principalNamed } from "../../operations/identity/principal-named.ts";
import type { Api } from "./api.ts";
import { CALL_FIELDS, readCall } from "./described-call.ts";
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

const AskJson = Type.Object(
  {
    agent: Name,
    team: Type.Optional(Name),
    clearance: Type.Optional(Clearance),
    marks: Type.Optional(Type.Array(Name, { maxItems: 64 })),
    ...CALL_FIELDS,
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
    async (): Promise<Written<typeof PoliciesJson>> => {
      const { digest, ruleCount } = await policies.snapshot();
      const files = policies.ports.files().map(({ file, text }) => ({ name: file, text }));
      return { digest, rules: ruleCount, files };
    },
  );
}

function addDecisions(api: Api, { policies, identity }: Services): void {
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
      const reading = readCall(call);
      if (reading.kind === "fault") return sendFault(reply, reading.fault);
      const snapshot = await policies.snapshot();
      const known = await principalNamed(caller, agent, undefined, identity);
      const principal: Principal = {
        ...known,
        team: team ?? known.team,
        ...(clearance !== undefined && { clearance }),
      };
      const facts = { now: identity.ports.now(), marks: marks ?? [], source: reading.value.source };
      const decision = snapshot.decide(principal, reading.value.action, facts);
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
