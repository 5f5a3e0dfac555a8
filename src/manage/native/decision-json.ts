/** Decisions on the wire of the native API. */
import { basename } from "node:path";
import { Type, type Static } from "typebox";
import type { SelectingRule } from "../../core/replay/explain-call.ts";
import { describeAction } from "../../core/policy/combine.ts";
import { usdText } from "../../core/money/usd-text.ts";
import type { RecordedDecision } from "../../operations/policies/recorded-decision.ts";
import { CALL_FIELDS } from "./described-call.ts";
import { AgentName, Clearance, Name, type Written } from "./fields.ts";
import { TimeText, timeText } from "./time-text.ts";

export const AskJson = Type.Object(
  {
    agent: AgentName,
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

const Effect = Type.Enum(["allow", "conditional", "escalate", "deny"]);
const Texts = Type.Array(Type.String());
const Text = Type.Optional(Type.String());

const SignatureJson = Type.Object({
  algorithm: Type.Literal("Ed25519"),
  key: Type.String({ description: "SHA-256 of the public key's SPKI form." }),
  value: Type.String({ description: "Base64." }),
});

const SIGNATURE = { algorithm: "Ed25519", key: "6".repeat(64), value: "base64" };

export const EXAMPLE_DECISION = {
  agent: "support-bot",
  tenant: "default",
  at: "2026-11-21T06:00:00.000Z",
  call_sha256: "7".repeat(64),
  effect: "escalate",
  rules: ["crm-delete"],
  approvers: ["role:manager"],
  policy: "5f2c…",
  signature: SIGNATURE,
};

export const AskedDecisionJson = Type.Object(
  {
    agent: Type.String(),
    tenant: Type.String(),
    at: TimeText,
    call_sha256: Type.String(),
    effect: Effect,
    rules: Texts,
    detail: Text,
    remedy: Text,
    approvers: Type.Optional(Texts),
    policy: Type.String(),
    signature: SignatureJson,
  },
  { examples: [EXAMPLE_DECISION] },
);

const RuleJson = Type.Object({
  id: Type.String(),
  effect: Type.Enum(["allow", "approve", "deny"]),
  at: Type.String({ description: "File and line." }),
  when: Text,
  severity: Text,
  shadow: Type.Boolean({ description: "Evaluated, not obeyed." }),
  held: Type.Enum(["yes", "no", "unknown"]),
  missing: Type.Optional(Type.String({ description: "What it reads and no record holds." })),
});

const FindingJson = Type.Object({
  detector: Type.String(),
  rule: Type.String(),
  score: Type.Number(),
  part: Type.String(),
});

const NowJson = Type.Object({
  effects: Type.Array(Type.Enum(["allow", "approve", "deny"]), {
    description: "More than one: no record tells which.",
  }),
  rules: Texts,
});

export const RecordedDecisionJson = Type.Object(
  {
    exchange: Type.String(),
    tenant: Type.String(),
    agent: Type.String(),
    session: Type.String(),
    at: TimeText,
    call: Type.String(),
    via: Texts,
    effect: Effect,
    rules: Texts,
    approvers: Type.Optional(Texts),
    unmet: Type.Optional(Texts),
    marks: Type.Optional(Texts),
    policy: Text,
    in_force: Type.Boolean({ description: "Whether those policies decide now as well." }),
    review: Text,
    outcome: Text,
    code: Text,
    detail: Text,
    cost_usd: Text,
    findings: Type.Optional(Type.Array(FindingJson)),
    selecting: Type.Optional(Type.Array(RuleJson)),
    now: NowJson,
    signature: SignatureJson,
  },
  {
    examples: [
      {
        exchange: "exc_01kamz3v9e3x6v0q2m8r5t7w9y",
        tenant: "default",
        agent: "support-bot",
        session: "s-1",
        at: "2026-11-21T06:00:00.000Z",
        call: "tool crm.delete_customer",
        via: [],
        effect: "deny",
        rules: ["no-deletions"],
        policy: "5f2c…",
        in_force: true,
        outcome: "refused",
        code: "policy_denied",
        findings: [],
        selecting: [
          {
            id: "no-deletions",
            effect: "deny",
            at: "support-bot.yaml:12",
            shadow: false,
            held: "yes",
          },
        ],
        now: { effects: ["deny"], rules: ["no-deletions"] },
        signature: SIGNATURE,
      },
    ],
  },
);

type Unsigned = Omit<Written<typeof RecordedDecisionJson>, "signature">;

export function recordedDecisionJson(found: RecordedDecision): Unsigned {
  const { call, outcome: entry, rules, now } = found;
  const { decision, principal } = call;
  const outcome = entry?.outcome;
  return {
    exchange: call.exchange,
    tenant: principal.tenant,
    agent: principal.agent,
    session: principal.session,
    at: timeText(call.at),
    call: describeAction(call.action),
    via: call.via.map(({ tool }) => tool),
    effect: decision.kind,
    rules: [...decision.because],
    approvers: some(decision.approvers),
    unmet: some(decision.unmet),
    marks: some(decision.marks),
    policy: call.policy,
    in_force: found.inForce,
    review: call.review,
    outcome: outcome?.kind,
    code: outcome !== undefined && "code" in outcome ? outcome.code : undefined,
    detail: outcome?.kind === "refused" ? outcome.detail : undefined,
    cost_usd: call.cost === undefined ? undefined : usdText(call.cost.cost),
    findings: call.findings?.map(({ detector, rule, score, part }) => {
      return { detector, rule, score, part };
    }),
    selecting: rules?.map(ruleJson),
    now: { effects: [...now.effects], rules: [...now.because] },
  };
}

function some(texts: readonly string[]): string[] | undefined {
  return texts.length === 0 ? undefined : [...texts];
}

function ruleJson({ rule, held }: SelectingRule): Static<typeof RuleJson> {
  const { id, effect, place, condition, severity, shadow } = rule;
  return {
    id,
    effect,
    at: `${basename(place.file)}:${place.line}`,
    shadow,
    ...(condition !== undefined && { when: condition.text }),
    ...(severity !== undefined && { severity }),
    ...heldJson(held),
  };
}

function heldJson(held: SelectingRule["held"]): Pick<Static<typeof RuleJson>, "held" | "missing"> {
  if (typeof held === "string") return { held: "unknown", missing: held };
  return { held: held ? "yes" : "no" };
}
