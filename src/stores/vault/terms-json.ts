/** A secret's terms as they are sealed and written. */
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { readBinding, type Binding } from "../../core/secret/binding.ts";
import { SECRET_TYPES, type SecretTerms } from "../../core/secret/secret-terms.ts";
import { sessionScope } from "../../core/identity/agent-session.ts";
import type { Clearance } from "../../core/identity/directory-entry.ts";
import { id } from "../../core/units.ts";
import { countOf, malformed, textOf, textsOf, timeOf, timeText } from "./json-members.ts";

export function termsToJson(terms: SecretTerms): JsonObject {
  const { type, binding, deliver, scopeRequired, clearanceMin, allowedAgents } = terms;
  const { expiresAt, grants, keep } = terms;
  return {
    type,
    binding: binding === undefined ? null : { ...binding },
    deliver,
    scope_required: scopeRequired ?? null,
    clearance_min: clearanceMin,
    allowed_agents: allowedAgents,
    expires_at: expiresAt === undefined ? null : timeText(expiresAt),
    grants,
    keep,
  };
}

/** Throws VaultFault. */
export function termsFromJson(object: JsonObject): SecretTerms {
  const type = SECRET_TYPES.find((one) => one === object["type"]);
  const { binding, deliver } = object;
  if (type === undefined) throw malformed("type");
  if (typeof deliver !== "boolean") throw malformed("deliver");
  return {
    type,
    binding: binding === null ? undefined : bindingFromJson(binding),
    deliver,
    scopeRequired: object["scope_required"] === null ? undefined : scopeOf(object),
    clearanceMin: clearanceOf(object),
    allowedAgents: textsOf(object, "allowed_agents").map((name) => id(name)),
    expiresAt: object["expires_at"] === null ? undefined : timeOf(object, "expires_at"),
    grants: textsOf(object, "grants"),
    keep: countOf(object, "keep"),
  };
}

/** Throws VaultFault. */
export function bindingFromJson(value: unknown): Binding {
  if (!isJsonObject(value)) throw malformed("binding");
  const reading = readBinding({
    origin: textOf(value, "origin"),
    paths: textsOf(value, "paths"),
    methods: textsOf(value, "methods"),
    header: textOf(value, "header"),
    format: textOf(value, "format"),
  });
  if (reading.kind === "problems") throw malformed("binding");
  return reading.binding;
}

function scopeOf(object: JsonObject): SecretTerms["scopeRequired"] {
  const scope = sessionScope(textOf(object, "scope_required"));
  if (scope === undefined) throw malformed("scope_required");
  return scope;
}

const CLEARANCES: readonly Clearance[] = [1, 2, 3, 4, 5];

function clearanceOf(object: JsonObject): Clearance {
  const clearance = CLEARANCES.find((one) => one === object["clearance_min"]);
  if (clearance === undefined) throw malformed("clearance_min");
  return clearance;
}
