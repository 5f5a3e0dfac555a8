/** Who may have a secret, in which way and until when: sealed together with it. */
import {
  holdsScope,
  scopeWord,
  type AgentSession,
  type SessionScope,
} from "../identity/agent-session.ts";
import type { Clearance } from "../identity/directory-entry.ts";
import type { AgentId, Instant, SecretName, TenantId } from "../units.ts";
import type { Binding } from "./binding.ts";

/** What a secret is to its owner; nothing is decided by it. */
export const SECRET_TYPES = [
  "api_key",
  "oauth_token",
  "certificate",
  "license",
  "password",
] as const;
export type SecretType = (typeof SECRET_TYPES)[number];

export interface SecretTerms {
  readonly type: SecretType;
  /** Where it is written into requests; undefined: it is lent to no upstream. */
  readonly binding: Binding | undefined;
  /** Whether an agent may be given the value itself. */
  readonly deliver: boolean;
  /** A session must have it; undefined: none is needed. */
  readonly scopeRequired: SessionScope | undefined;
  /** 1 is everybody. */
  readonly clearanceMin: Clearance;
  /** Empty: all agents of the tenant. */
  readonly allowedAgents: readonly AgentId[];
  readonly expiresAt: Instant | undefined;
  /** What it allows at its provider, in its owner's words; shown, never judged. */
  readonly grants: readonly string[];
  /** Versions that are kept to roll back to, the current one among them. */
  readonly keep: number;
}

export const KEEP_DEFAULT = 5;
export const KEEP_MAX = 20;

/** A secret that is only lent to upstreams, to whomever policy allows the call. */
export function lentTo(binding: Binding): SecretTerms {
  return { ...NOBODYS, binding };
}

/** Neither lent nor delivered: what terms begin from. */
export const NOBODYS: SecretTerms = {
  type: "api_key",
  binding: undefined,
  deliver: false,
  scopeRequired: undefined,
  clearanceMin: 1,
  allowedAgents: [],
  expiresAt: undefined,
  grants: [],
  keep: KEEP_DEFAULT,
};

/** Who asks for a secret, for its own hands or for a request of its own. */
export interface Borrower {
  readonly tenant: TenantId;
  readonly agent: AgentId;
  /** Absent counts as 1. */
  readonly clearance?: Clearance;
  /** The session it runs under. */
  readonly granted?: Pick<AgentSession, "scopes" | "credentials"> | undefined;
}

/** A secret as far as its terms go. */
export interface GovernedSecret {
  readonly tenant: TenantId;
  readonly name: SecretName;
  readonly terms: SecretTerms;
}

/** Why this one may not have it now, as a clause; undefined where it may. */
export function withheld(
  { tenant, name, terms }: GovernedSecret,
  { agent, clearance = 1, granted, ...borrower }: Borrower,
  now: Instant,
): string | undefined {
  const { expiresAt, allowedAgents, clearanceMin, scopeRequired } = terms;
  if (expiresAt !== undefined && now >= expiresAt) return "has expired";
  // Names are a tenant's own: another's agent of this name is somebody else.
  const isNamed = allowedAgents.includes(agent) && borrower.tenant === tenant;
  if (allowedAgents.length > 0 && !isNamed) return "is for other agents";
  if (clearance < clearanceMin) return `needs clearance ${clearanceMin}`;
  if (scopeRequired !== undefined && !holdsScope(granted?.scopes ?? [], scopeRequired)) {
    return `needs a session with the scope ${scopeWord(scopeRequired)}`;
  }
  const named = granted?.credentials ?? [];
  if (named.length > 0 && !named.includes(name)) return "is not one that the session may use";
  return undefined;
}

/** Whether lending it depends on who asks or when: most secrets do not. */
export function isConditional({
  expiresAt,
  allowedAgents,
  clearanceMin,
  scopeRequired,
}: SecretTerms): boolean {
  return (
    expiresAt !== undefined ||
    allowedAgents.length > 0 ||
    clearanceMin > 1 ||
    scopeRequired !== undefined
  );
}
