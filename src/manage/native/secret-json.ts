/** Secrets as documents: what is written, what is shown, never a value. */
import { Type, type Static } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import { readBinding, type Binding } from "../../core/secret/binding.ts";
import { KEEP_MAX, SECRET_TYPES, type SecretTerms } from "../../core/secret/secret-terms.ts";
import { DELIVERED_CHARS_MAX } from "../../core/secret/secret-value.ts";
import { id, instant } from "../../core/units.ts";
import type { SecretView } from "../../operations/secrets/secret-ports.ts";
import { AgentName, Scope, type Written } from "./fields.ts";
import { TimeText, timeText } from "./time-text.ts";

export const SecretNameText = Type.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
  description: "Letters, digits, `.`, `_` and `-`; at most 128.",
});

export const ValueText = Type.String({
  minLength: 1,
  maxLength: DELIVERED_CHARS_MAX,
  writeOnly: true,
  description: "Where it is written into requests: printable ASCII, 8 to 8,192 characters.",
});

const BindingJson = Type.Object(
  {
    origin: Type.String({ maxLength: 512, description: "Scheme, host and port; nothing else." }),
    paths: Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { maxItems: 64 })),
    methods: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 64 })),
    header: Type.Optional(Type.String({ maxLength: 128, description: "authorization." })),
    format: Type.Optional(
      Type.String({ maxLength: 256, description: "`Bearer {}` in authorization, else `{}`." }),
    ),
  },
  { additionalProperties: false, description: "The one place it is lent to." },
);

/** `null` takes a condition away. */
export const termsFields = {
  type: Type.Optional(Type.Enum(SECRET_TYPES)),
  binding: Type.Optional(Type.Union([BindingJson, Type.Null()])),
  deliver: Type.Optional(
    Type.Boolean({ description: "Whether agents may be given the value itself." }),
  ),
  scope_required: Type.Optional(Type.Union([Scope, Type.Null()])),
  clearance_min: Type.Optional(Type.Enum([1, 2, 3, 4, 5])),
  allowed_agents: Type.Optional(
    Type.Array(AgentName, { maxItems: 256, description: "Empty: every agent." }),
  ),
  expires_at: Type.Optional(Type.Union([TimeText, Type.Null()])),
  grants: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      maxItems: 64,
      description: "What it allows at its provider; shown, never judged.",
    }),
  ),
  keep: Type.Optional(Type.Integer({ minimum: 1, maximum: KEEP_MAX })),
};

const TermsJson = Type.Object(termsFields);

export const SECRET_EXAMPLE = {
  name: "openai",
  type: "api_key",
  binding: {
    origin: "https://api.openai.com",
    paths: ["/v1/**"],
    methods: ["POST"],
    header: "authorization",
    format: "Bearer {}",
  },
  deliver: false,
  clearance_min: 1,
  allowed_agents: [],
  grants: [],
  keep: 5,
  version: 2,
  versions: [
    { number: 1, created_at: "2026-10-01T06:00:00.000Z" },
    { number: 2, created_at: "2026-11-21T06:00:00.000Z" },
  ],
  uses: 1204,
  last_used_at: "2026-11-21T06:30:00.000Z",
  created_at: "2026-10-01T06:00:00.000Z",
  changed_at: "2026-11-21T06:00:00.000Z",
};

export const SecretJson = Type.Object(
  {
    name: Type.String(),
    type: Type.Enum(SECRET_TYPES),
    binding: Type.Optional(BindingJson),
    deliver: Type.Boolean(),
    scope_required: Type.Optional(Scope),
    clearance_min: Type.Integer(),
    allowed_agents: Type.Array(Type.String()),
    expires_at: Type.Optional(TimeText),
    grants: Type.Array(Type.String()),
    keep: Type.Integer(),
    version: Type.Integer({ description: "The one in use." }),
    versions: Type.Array(Type.Object({ number: Type.Integer(), created_at: TimeText })),
    uses: Type.Integer({ description: "Lent or delivered; not evidence, which the ledger is." }),
    last_used_at: Type.Optional(TimeText),
    created_at: TimeText,
    changed_at: TimeText,
  },
  { examples: [SECRET_EXAMPLE] },
);

export function secretJson({ entry, use }: SecretView): Written<typeof SecretJson> {
  const { name, terms, current, versions, createdAt, changedAt } = entry;
  const { type, binding, deliver, scopeRequired, clearanceMin, allowedAgents } = terms;
  return {
    name,
    type,
    binding: binding && { ...binding, paths: [...binding.paths], methods: [...binding.methods] },
    deliver,
    scope_required: scopeRequired,
    clearance_min: clearanceMin,
    allowed_agents: [...allowedAgents],
    expires_at: timeText(terms.expiresAt),
    grants: [...terms.grants],
    keep: terms.keep,
    version: current,
    versions: versions.map(({ number, createdAt: at }) => ({ number, created_at: timeText(at) })),
    uses: use?.count ?? 0,
    last_used_at: timeText(use?.lastAt),
    created_at: timeText(createdAt),
    changed_at: timeText(changedAt),
  };
}

/** What a document says of the terms; what it leaves out stays as it is. */
export function termsOf(json: Static<typeof TermsJson>): Answer<Partial<SecretTerms>> {
  const binding = json.binding ? bindingOf(json.binding) : done(undefined);
  if (binding.kind === "fault") return binding;
  const expiresAt = json.expires_at ? Date.parse(json.expires_at) : undefined;
  if (expiresAt !== undefined && !(expiresAt >= 0)) {
    return fault("invalid", "This is not a point in time.", { pointer: "/expires_at" });
  }
  return done({
    ...(json.type !== undefined && { type: json.type }),
    ...(json.binding !== undefined && { binding: binding.value }),
    ...(json.deliver !== undefined && { deliver: json.deliver }),
    ...(json.scope_required !== undefined && { scopeRequired: json.scope_required ?? undefined }),
    ...(json.clearance_min !== undefined && { clearanceMin: json.clearance_min }),
    ...(json.allowed_agents !== undefined && {
      allowedAgents: json.allowed_agents.map((name) => id(name)),
    }),
    ...(json.expires_at !== undefined && {
      expiresAt: expiresAt === undefined ? undefined : instant(expiresAt),
    }),
    ...(json.grants !== undefined && { grants: json.grants }),
    ...(json.keep !== undefined && { keep: json.keep }),
  });
}

function bindingOf(json: Static<typeof BindingJson>): Answer<Binding> {
  const { origin, paths = [], methods = [], header = "authorization" } = json;
  const inAuthorization = header.toLowerCase() === "authorization";
  const format = json.format ?? (inAuthorization ? "Bearer {}" : "{}");
  const reading = readBinding({ origin, paths, methods, header, format });
  if (reading.kind === "ok") return done(reading.binding);
  return fault("invalid", reading.problems.join("; "), { pointer: "/binding" });
}
