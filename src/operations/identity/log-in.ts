/** People come in with name and password, and go out again. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import {
  afterFailure,
  isLocked,
  LOGIN_TTL_MS,
  type LoginLimiter,
} from "../../core/identity/login-limits.ts";
import { instant, type Instant } from "../../core/units.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";
import { randomToken } from "../../lib/ids.ts";
import { hashPassword, verifyPassword } from "../../lib/password-hash.ts";
import { LOGIN_PREFIX } from "./authenticate.ts";
import { changeDirectory } from "./change-directory.ts";

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
/** Two tries at once each count: so often is the count written again. */
const COUNT_TRIES_MAX = 8;

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
  if (isLocked(user.body, now)) return locked(user.body.lockedUntil ?? now);
  if (await verifyPassword(password, user.body.password))
    return beginLogin(user, "password", ports);
  return countFailure(user, ports);
}

/** Also the end of an OIDC login. */
export async function beginLogin(
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
  const body = { ...user.body, failedLogins: 0, lockedUntil: undefined };
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
  for (let tries = 0; user !== undefined && tries < COUNT_TRIES_MAX; tries += 1) {
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
    if (written.kind === "done") return lockedNow ? locked(body.lockedUntil ?? ports.now()) : WRONG;
    if (written.fault.code !== "changed_meanwhile") return written;
    user = await ports.store.get("user", user.id);
  }
  return WRONG;
}

function locked(until: Instant): Answer<never> {
  return fault("locked", `Account locked until ${new Date(until).toISOString()}`);
}
