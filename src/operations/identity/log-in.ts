/** People come in with name and password, and go out again. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry, UserRecord } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import {
  afterFailure,
  isLocked,
  LOGIN_TTL_MS,
  type LoginLimiter,
} from "../../core/identity/login-limits.ts";
import { instant, type Instant } from "../../core/units.ts";
import { canonicalJson, sha256Hex } from "../../lib/canonical-json.ts";
import { randomToken } from "../../lib/ids.ts";
import { hashPassword, verifyPassword } from "../../lib/password-hash.ts";
import { LOGIN_PREFIX } from "./authenticate.ts";
import { changeDirectory, untilNotOvertaken } from "./change-directory.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Where the try comes from. */
  readonly address: string;
}

export interface LoggedIn {
  /** Shown once: the directory knows its hash. */
  readonly session: string;
  readonly user: Entry<"user">;
  readonly expiresAt: Instant;
}

/** One answer for a wrong name and a wrong password, after the same work. */
const WRONG = fault("unauthenticated", "Invalid username or password.");

const SESSION_BYTES = 32;

export async function logIn(
  { username, password, address }: Credentials,
  limiter: LoginLimiter,
  ports: IdentityPorts,
): Promise<Answer<LoggedIn>> {
  const now = ports.now();
  const wait = limiter.take(address, now);
  if (wait > 0) {
    const retryAfter = Math.ceil(wait / 1000);
    return fault("too_many", "Too many logins from this address.", { retryAfter });
  }
  const user = await ports.store.byName("user", username.toLowerCase());
  if (user === undefined || user.body.password === undefined || !user.body.active) {
    // As much work as for a name that exists, so that time does not tell.
    await hashPassword(password);
    return WRONG;
  }
  if (isLocked(user.body, now)) return locked(user.body, now);
  if (await verifyPassword(password, user.body.password))
    return beginLogin(user, "password", ports);
  return countFailure(user, ports);
}

/** Also the end of an OIDC login. One person may come in twice at once. */
export async function beginLogin(
  proven: Entry<"user">,
  by: string,
  ports: IdentityPorts,
): Promise<Answer<LoggedIn>> {
  let user: Entry<"user"> | undefined = proven;
  return untilNotOvertaken(async () => {
    user ??= await ports.store.get("user", proven.id);
    // Under another password or role nobody has proven to be that person.
    if (user === undefined || !isSameButForCounts(user.body, proven.body)) return CHANGED;
    if (isLocked(user.body, ports.now())) return locked(user.body, ports.now());
    const begun = await tryLogin(user, by, ports);
    user = undefined;
    return begun;
  });
}

const CHANGED = fault("unauthenticated", "This account was changed meanwhile: log in again.");

function isSameButForCounts(one: UserRecord, other: UserRecord): boolean {
  return canonicalJson(uncounted(one)) === canonicalJson(uncounted(other));
}

function uncounted(user: UserRecord): UserRecord {
  return { ...user, failedLogins: 0, lockedUntil: undefined };
}

async function tryLogin(
  user: Entry<"user">,
  by: string,
  ports: IdentityPorts,
): Promise<Answer<LoggedIn>> {
  const now = ports.now();
  const session = LOGIN_PREFIX + randomToken(SESSION_BYTES);
  const expiresAt = instant(now + LOGIN_TTL_MS);
  const { tenant, id } = user;
  const login = {
    kind: "login",
    id: sha256Hex(session),
    tenant,
    createdAt: now,
    body: { user: id, expiresAt },
  } as const;
  const body = uncounted(user.body);
  const change = {
    change: "user.logged_in",
    about: id,
    by: user.body.username,
    detail: { by },
  };
  const written = await changeDirectory(
    change,
    [
      { kind: "put", entry: login, expect: "absent" },
      { kind: "put", entry: { ...user, body }, expect: user.revision },
    ],
    ports,
  );
  return written.kind === "fault" ? written : done({ session, user, expiresAt });
}

export async function logOut(
  caller: Caller,
  credential: string,
  ports: IdentityPorts,
): Promise<Answer<undefined>> {
  const id = sha256Hex(credential);
  const change = { change: "user.logged_out", about: caller.id, by: caller.name, detail: {} };
  const remove = { kind: "remove", of: "login", id, tenant: caller.tenant, expect: "any" } as const;
  const written = await changeDirectory(change, [remove], ports);
  return written.kind === "fault" ? written : done(undefined);
}

async function countFailure(first: Entry<"user">, ports: IdentityPorts): Promise<Answer<never>> {
  let user: Entry<"user"> | undefined = first;
  return untilNotOvertaken(async () => {
    user ??= await ports.store.get("user", first.id);
    if (user === undefined) return WRONG;
    const body = afterFailure(user.body, ports.now());
    const lockedNow = body.lockedUntil !== user.body.lockedUntil;
    const change = {
      change: lockedNow ? "user.locked" : "user.login_failed",
      about: user.id,
      by: "sallyport",
      detail: { username: user.body.username },
    };
    const entry = { ...user, body };
    const written = await changeDirectory(
      change,
      [{ kind: "put", entry, expect: user.revision }],
      ports,
    );
    user = undefined;
    if (written.kind === "fault") return written;
    return lockedNow ? locked(body, ports.now()) : WRONG;
  });
}

function locked({ lockedUntil: until }: UserRecord, now: Instant): Answer<never> {
  const end = until ?? now;
  const retryAfter = Math.max(Math.ceil((end - now) / 1000), 1);
  return fault("locked", `Account locked until ${new Date(end).toISOString()}`, { retryAfter });
}
