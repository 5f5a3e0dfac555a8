/** Who is behind a credential shown at a management door. */
import { fault, done, type Answer } from "../../core/fault.ts";
import { isLive } from "../../core/identity/agent-session.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import type { SessionTokens } from "../../core/identity/tokens.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";

/** Login sessions begin so: they stand in the same header as keys and tokens. */
export const LOGIN_PREFIX = "sess_";

/** Longer credentials are refused unhashed; a JWT of ours has some 700 characters. */
const CREDENTIAL_CHARS_MAX = 8_192;

const WRONG = fault("unauthenticated", "This credential is not known, has expired or was revoked.");

const SUSPENDED = fault("forbidden", "The tenant of this credential is suspended.");

/** What the bearer of an execution token may do here; never widen the run that it is. */
const TOKEN_SCOPES = ["self:read", "sessions:read", "secret_values:read"];

export async function authenticate(
  credential: string,
  ports: IdentityPorts,
  tokens: SessionTokens,
): Promise<Answer<Caller>> {
  if (credential.length > CREDENTIAL_CHARS_MAX) return WRONG;
  const caller = await callerOf(credential, ports, tokens);
  if (caller === undefined) return WRONG;
  if (caller.tenant === DEFAULT_TENANT) return done(caller);
  const tenant = await ports.store.get("tenant", caller.tenant);
  return tenant === undefined || tenant.body.suspended !== undefined ? SUSPENDED : done(caller);
}

async function callerOf(
  credential: string,
  ports: IdentityPorts,
  tokens: SessionTokens,
): Promise<Caller | undefined> {
  if (credential.startsWith(LOGIN_PREFIX)) return loggedIn(credential, ports);
  if (credential.split(".").length === 3)
    return tokenHolder(await tokens.sessionOf(credential), ports);
  const key = await ports.store.byName("key", sha256Hex(credential));
  return key === undefined ? undefined : keyHolder(key, ports);
}

async function tokenHolder(
  sessionId: string | undefined,
  { store, now }: IdentityPorts,
): Promise<Caller | undefined> {
  const session = sessionId === undefined ? undefined : await store.get("session", sessionId);
  if (session === undefined || !isLive(session.body, now())) return undefined;
  const { id, tenant } = session;
  const { agent } = session.body;
  return { kind: "token", id, name: agent, tenant, role: "agent", scopes: TOKEN_SCOPES, agent };
}

async function loggedIn(
  credential: string,
  { store, now }: IdentityPorts,
): Promise<Caller | undefined> {
  const login = await store.get("login", sha256Hex(credential));
  if (login === undefined || login.body.expiresAt <= now()) return undefined;
  const user = await store.get("user", login.body.user);
  if (user === undefined || !user.body.active) return undefined;
  const { username, role } = user.body;
  return {
    kind: "login",
    id: user.id,
    name: username,
    user: username,
    tenant: user.tenant,
    role,
    scopes: [],
    agent: undefined,
  };
}

async function keyHolder(
  { id, tenant, body }: Entry<"key">,
  { store, now }: IdentityPorts,
): Promise<Caller | undefined> {
  const { holder, role, scopes, name, plan, quota, revokedAt, expiresAt } = body;
  const at = now();
  if (revokedAt !== undefined && revokedAt <= at) return undefined;
  if (expiresAt !== undefined && expiresAt <= at) return undefined;
  const user = holder.kind === "user" ? await store.get("user", holder.user) : undefined;
  if (holder.kind === "user" && user?.body.active !== true) return undefined;
  const agent = holder.kind === "agent" ? holder.agent : undefined;
  await store.touch(new Map([[id, at]]));
  const allowance = { plan, ...(quota !== undefined && { quota }) };
  const person = user?.body.username;
  return { kind: "key", id, name, user: person, tenant, role, scopes, agent, ...allowance };
}
