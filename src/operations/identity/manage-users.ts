/** People: made by administrators, with passwords that keep to the published rules. */
import { done, fault, type Answer } from "../../core/fault.ts";
import { hasRights, type Caller } from "../../core/identity/caller.ts";
import type { Entry, UserRecord } from "../../core/identity/directory-entry.ts";
import type { Write } from "../../core/identity/directory-store.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { passwordProblems } from "../../core/identity/password-policy.ts";
import type { UserRole } from "../../core/identity/role.ts";
import { newId } from "../../lib/ids.ts";
import { hashPassword } from "../../lib/password-hash.ts";
import { changeDirectory, editEntry } from "./change-directory.ts";
import { findEntry } from "./find-entry.ts";

export interface NewUser {
  readonly username: string;
  readonly email: string;
  readonly fullName: string | undefined;
  readonly role: UserRole;
  /** Undefined: the person logs in by OIDC only. */
  readonly password: string | undefined;
}

export interface UserChanges {
  readonly email?: string | undefined;
  readonly fullName?: string | undefined;
  readonly role?: UserRole | undefined;
  readonly active?: boolean | undefined;
  readonly password?: string | undefined;
}

export async function createUser(
  caller: Caller,
  wish: NewUser,
  ports: IdentityPorts,
): Promise<Answer<Entry<"user">>> {
  const { username, email, fullName, role } = wish;
  if (isBeyond(caller, role)) return BEYOND;
  const hashed = await hashOf(wish.password, username);
  if (hashed.kind === "fault") return hashed;
  const now = ports.now();
  const body: UserRecord = {
    username,
    email,
    fullName,
    role,
    active: true,
    password: hashed.value,
    failedLogins: 0,
    lockedUntil: undefined,
  };
  const { tenant } = caller;
  const entry = { kind: "user", id: newId("usr", now), tenant, createdAt: now, body } as const;
  const change = {
    change: "user.created",
    about: entry.id,
    by: caller.name,
    detail: { username, role },
  };
  const written = await changeDirectory(change, [{ kind: "put", entry, expect: "absent" }], ports);
  return written.kind === "fault" ? written : done({ ...entry, revision: written.value });
}

export async function updateUser(
  caller: Caller,
  id: string,
  changes: UserChanges,
  expect: number | "any",
  ports: IdentityPorts,
): Promise<Answer<Entry<"user">>> {
  const found = await findEntry("user", id, caller, ports);
  if (found.kind === "fault") return found;
  const { username, role } = found.value.body;
  if (isBeyond(caller, role, changes.role)) return BEYOND;
  const hashed = await hashOf(changes.password, username);
  if (hashed.kind === "fault") return hashed;
  const edit: Edit = { caller, changes, hashed: hashed.value };
  return editEntry(expect, async (expected) => {
    const read = await findEntry("user", id, caller, ports);
    if (read.kind === "fault") return read;
    if (isBeyond(caller, read.value.body.role)) return BEYOND;
    return editUser(read.value, edit, expected(read.value), ports);
  });
}

interface Edit {
  readonly caller: Caller;
  readonly changes: UserChanges;
  /** The password; undefined where it stays. */
  readonly hashed: string | undefined;
}

async function editUser(
  entry: Entry<"user">,
  { caller, changes, hashed }: Edit,
  expect: number,
  ports: IdentityPorts,
): Promise<Answer<Entry<"user">>> {
  const { id } = entry;
  const { password, ...plain } = changes;
  const kept = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
  const reset = { password: hashed, failedLogins: 0, lockedUntil: undefined };
  const body: UserRecord = { ...entry.body, ...kept, ...(password !== undefined && reset) };
  const fields = Object.keys({ ...kept, ...(password !== undefined && { password }) });
  const change = {
    change: "user.changed",
    about: id,
    by: caller.name,
    detail: {
      fields: fields.toSorted().join(" "),
      ...(changes.role !== undefined && { role: changes.role }),
      ...(changes.active !== undefined && { active: changes.active }),
    },
  };
  const isLeaving = changes.active === false;
  const ends = isLeaving || password !== undefined ? await loginsOf(entry, ports) : [];
  const revoked = isLeaving ? await keysOf(entry, ports) : [];
  const write: Write = { kind: "put", entry: { ...entry, body }, expect };
  const written = await changeDirectory(change, [write, ...ends, ...revoked], ports);
  return written.kind === "fault" ? written : done({ ...entry, body, revision: written.value });
}

/** Whoever sets an administrator's password can be one: that is not for a key with scopes. */
function isBeyond(caller: Caller, ...roles: readonly (UserRole | undefined)[]): boolean {
  return roles.includes("admin") && !hasRights(caller, { role: "admin", scopes: [] });
}

const BEYOND = fault("forbidden", "Administrators are made and changed without scopes only.");

/** Logins and keys of one person; more are not looked for. */
const ENDED_MAX = 1_000;

/** Under the old password, or by somebody who has left, nobody stays logged in. */
async function loginsOf(
  { id: owner, tenant }: Entry<"user">,
  { store }: IdentityPorts,
): Promise<readonly Write[]> {
  const logins = await store.list("login", { tenant, owner, limit: ENDED_MAX });
  return logins.map(({ id }) => ({ kind: "remove", of: "login", id, tenant, expect: "any" }));
}

/** The data plane knows keys and no people: who leaves takes them along. */
async function keysOf(
  { id: owner, tenant }: Entry<"user">,
  { store, now }: IdentityPorts,
): Promise<readonly Write[]> {
  const keys = await store.list("key", { tenant, owner, limit: ENDED_MAX });
  return keys
    .filter(({ body }) => body.holder.kind === "user" && body.revokedAt === undefined)
    .map((entry) => {
      const body = { ...entry.body, revokedAt: now() };
      return { kind: "put", entry: { ...entry, body }, expect: "any" };
    });
}

async function hashOf(
  password: string | undefined,
  username: string,
): Promise<Answer<string | undefined>> {
  if (password === undefined) return done(undefined);
  const problems = passwordProblems(password, username);
  if (problems.length > 0) {
    return fault("invalid", `The password needs: ${problems.join("; ")}.`, {
      pointer: "/password",
    });
  }
  return done(await hashPassword(password));
}
