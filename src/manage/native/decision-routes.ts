/** `/core/v1`: /decisions: asking for one, reading one, checking its signature. */
import { Type, type Static } from "typebox";
import type { Decision } from "../../core/decision.ts";
import { isJsonObject } from "../../core/json.ts";
import { signDecision, type DocumentKey } from "../../core/ledger/document-signing.ts";
import type { Principal } from "../../core/principal.ts";
import { digestOf } from "../../lib/canonical-json.ts";
import { explainDecision, verifyDecision } from "../../operations/policies/recorded-decision.ts";
import { principalNamed } from "../../operations/identity/principal-named.ts";
import type { Api } from "./api.ts";
import {
  AskedDecisionJson,
  AskJson,
  EXAMPLE_DECISION,
  RecordedDecisionJson,
  recordedDecisionJson,
} from "./decision-json.ts";
import { readCall } from "./described-call.ts";
import type { Written } from "./fields.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import { timeText } from "./time-text.ts";

const READ = { role: "viewer", scope: "decisions:read" } as const;

export function decisionRoutes(api: Api, services: Services): void {
  addAsking(api, services);
  addRecorded(api, services);
  addVerifying(api, services);
}

function addAsking(api: Api, { policies, identity, records }: Services): void {
  const { documents } = records.signing;
  api.post(
    "/decisions",
    {
      schema: {
        summary: "Ask what policy says of a call, without making it",
        description:
          "Neither money, nor pins, nor the session are looked at. The answer is signed by the " +
          "ledger's key; `call_sha256` is of the canonical JSON of what was asked.",
        tags: ["policies"],
        body: AskJson,
        response: { 200: AskedDecisionJson },
      },
      config: { access: READ },
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
      const now = identity.ports.now();
      const facts = { now, marks: marks ?? [], source: reading.value.source };
      const decision = snapshot.decide(principal, reading.value.action, facts);
      const asked = {
        agent,
        tenant: caller.tenant,
        at: timeText(now),
        call_sha256: digestOf(body),
      };
      const said = { ...asked, ...decisionJson(decision), policy: snapshot.digest };
      return reply.send(signed(said, documents));
    },
  );
}

function addRecorded(api: Api, { policies, records }: Services): void {
  const { index, signing } = records;
  api.get(
    "/decisions/:exchange",
    {
      schema: {
        summary: "What was decided, by which rules, and why",
        description:
          "From the record. Rules with their words are shown to the operator, while the policies " +
          "that decided are in force; `now` is what those in force say of the same call.",
        tags: ["policies"],
        params: Type.Object({ exchange: Type.String({ maxLength: 128 }) }),
        response: { 200: RecordedDecisionJson },
      },
      config: { access: READ },
    },
    async ({ caller, params: { exchange } }, reply) => {
      const ports = { index, inForce: () => policies.inForce() };
      const found = await explainDecision(caller, exchange, ports);
      return answer(reply, 200, found, (decision) =>
        signed(recordedDecisionJson(decision), signing.documents),
      );
    },
  );
}

const VerifyJson = Type.Object(
  {
    decision: Type.Record(Type.String(), Type.Unknown(), {
      description: "A decision as it was answered, its signature included.",
    }),
  },
  { additionalProperties: false, examples: [{ decision: EXAMPLE_DECISION }] },
);

const VerifiedJson = Type.Object(
  {
    valid: Type.Boolean(),
    key: Type.Optional(Type.String({ description: "Which has signed it." })),
    reason: Type.Optional(Type.Enum(["forged", "unsigned", "unknown_key"])),
  },
  { examples: [{ valid: true, key: EXAMPLE_DECISION.signature.key }] },
);

function addVerifying(api: Api, { records }: Services): void {
  const { index, signing } = records;
  api.post(
    "/decisions/verify",
    {
      schema: {
        summary: "Whether a decision is one of ours, word for word",
        description:
          "Ed25519 over `sallyport decision v1`, a line feed and the canonical JSON (RFC 8785) of " +
          "the document without `signature`: whoever has the public key can check it alone.",
        tags: ["policies"],
        body: VerifyJson,
        response: { 200: VerifiedJson },
      },
      config: { access: READ },
    },
    async ({ body: { decision } }, reply) => {
      const document: unknown = decision;
      const shown = isJsonObject(document) ? document : {};
      const verified = await verifyDecision(shown, signing.documents, index);
      return answer(reply, 200, verified, (said): Static<typeof VerifiedJson> =>
        said.kind === "genuine"
          ? { valid: true, key: said.key }
          : { valid: false, reason: said.kind },
      );
    },
  );
}

/** What is undefined is left out on the wire, and so it is before it is signed. */
function signed<T extends object>(document: T, key: DocumentKey) {
  return { ...document, signature: signDecision(document, key) };
}

type Said = Pick<
  Written<typeof AskedDecisionJson>,
  "effect" | "rules" | "detail" | "remedy" | "approvers"
>;

function decisionJson(decision: Decision): Said {
  const { kind: effect, because } = decision;
  return {
    effect,
    rules: [...because],
    detail: decision.kind === "deny" ? decision.detail : undefined,
    remedy: decision.kind === "deny" ? decision.remedy : undefined,
    approvers: decision.kind === "escalate" ? [...decision.approval.approvers] : undefined,
  };
}
