import type { AgentId, Instant, NanoUsd, SessionId, TenantId } from "../units.ts";

/** What a session may be used for; an action needs one of the scopes that `scopeOf` names. */
export const SESSION_SCOPES = [
  "read",
  "browse",
  "write",
  "execute",
  "send",
  "delete",
  "spend",
  /** Calls tools, whatever they do: policy alone says which. */
  "tools",
  "admin",
] as const;
/** In its owner's words: no action needs it, a secret may. */
export type OwnScope = `own:${string}`;
export type SessionScope = (typeof SESSION_SCOPES)[number] | OwnScope;

const OWN_PREFIX = "own:";
const OWN_SCOPE = `${OWN_PREFIX}[A-Za-z0-9][A-Za-z0-9._:-]{0,63}`;
/** What a text must match to be one. */
export const SESSION_SCOPE_PATTERN = `^(${SESSION_SCOPES.join("|")}|${OWN_SCOPE})$`;

const OWN = new RegExp(`^${OWN_SCOPE}$`, "u");

export function sessionScope(text: string): SessionScope | undefined {
  return isOwnScope(text) ? text : SESSION_SCOPES.find((scope) => scope === text);
}

/** `own:x` covers `own:x:y`, and `admin` everything. */
export function holdsScope(held: readonly SessionScope[], needed: SessionScope): boolean {
  if (held.includes(needed) || held.includes("admin")) return true;
  return held.some((scope) => isOwnScope(scope) && needed.startsWith(`${scope}:`));
}

/** As its owner wrote it. */
export function scopeWord(scope: SessionScope): string {
  return isOwnScope(scope) ? scope.slice(OWN_PREFIX.length) : scope;
}

function isOwnScope(text: string): text is OwnScope {
  return OWN.test(text);
}

/**
 * One run of an agent with rights of its own, made beforehand. An execution JWT is the same thing in
 * another form: its `jti` is the session's id.
 */
export interface AgentSession {
  readonly id: SessionId;
  readonly tenant: TenantId;
  readonly agent: AgentId;
  readonly scopes: readonly SessionScope[];
  /** Names of the vault's secrets that may be borrowed; empty: as policy and vault allow. */
  readonly credentials: readonly string[];
  readonly spendLimit: NanoUsd | undefined;
  /** Tokens of models, in and out. */
  readonly tokenLimit?: number | undefined;
  readonly task: string | undefined;
  readonly container: string | undefined;
  readonly expiresAt: Instant;
  readonly revokedAt: Instant | undefined;
  readonly createdBy: string;
}

export const SESSION_TTL_DEFAULT_S = 3_600;
export const SESSION_TTL_MAX_S = 30 * 86_400;
export const EXECUTION_TTL_DEFAULT_S = 900;
export const EXECUTION_TTL_MIN_S = 60;
export const EXECUTION_TTL_MAX_S = 3_600;

export const SESSION_PREFIX = "ses_";

export function isLive(session: AgentSession, now: Instant): boolean {
  return session.revokedAt === undefined && now < session.expiresAt;
}
