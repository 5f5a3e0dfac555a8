/** Who of ours a provider's person is: the linked user, or one made now. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Entry, UserRecord } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import {
  isOfAllowedDomain,
  mappedRole,
  roleOfNewcomer,
  type LinkRecord,
  type OidcIdentity,
  type OidcProvider,
} from "../../core/identity/oidc.ts";
import type { UserRole } from "../../core/identity/role.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";
import { newId } from "../../lib/ids.ts";
import { changeDirectory } from "./change-directory.ts";

/** One person of one provider is one user, whoever asks at the same time. */
function linkId({ name }: OidcProvider, { subject }: OidcIdentity): string {
  return sha256Hex(`${name}\n${subject}`);
}

export async function userOfIdentity(
  provider: OidcProvider,
  identity: OidcIdentity,
  ports: IdentityPorts,
): Promise<Answer<Entry<"user">>> {
  const link = await ports.store.get("link", linkId(provider, identity));
  if (link === undefined) return welcome(provider, identity, ports);
  if (!isOfAllowedDomain(provider, identity)) return NOT_ADMITTED;
  const user = await ports.store.get("user", link.body.user);
  if (user === undefined) return NOT_ADMITTED;
  const body: LinkRecord = { ...link.body, email: identity.email, lastLoginAt: ports.now() };
  await ports.store.write({ kind: "put", entry: { ...link, body }, expect: "any" });
  return withMappedRole(user, provider, identity, ports);
}

/**
 * A mapping says what people without a password are, anew each time: who left the group has lost
 * the role. Whoever has a password was given the role by an administrator here.
 */
async function withMappedRole(
  user: Entry<"user">,
  provider: OidcProvider,
  identity: OidcIdentity,
  ports: IdentityPorts,
): Promise<Answer<Entry<"user">>> {
  if (provider.roles.size === 0 || user.body.password !== undefined) return done(user);
  const role = mappedRole(provider, identity.groups);
  if (role === undefined) return NOT_ADMITTED;
  if (role === user.body.role) return done(user);
  const body = { ...user.body, role };
  const change = {
    change: "user.changed",
    about: user.id,
    by: `oidc:${provider.name}`,
    detail: { fields: "role", role },
  };
  const entry = { ...user, body };
  const written = await changeDirectory(
    change,
    [{ kind: "put", entry, expect: user.revision }],
    ports,
  );
  return written.kind === "fault" ? written : done({ ...entry, revision: written.value });
}

async function welcome(
  provider: OidcProvider,
  identity: OidcIdentity,
  ports: IdentityPorts,
): Promise<Answer<Entry<"user">>> {
  const role = roleOfNewcomer(provider, identity);
  if (role === undefined) return NOT_ADMITTED;
  const { email, emailVerified } = identity;
  if (email === undefined || !emailVerified) {
    return fault("forbidden", "The provider names no verified e-mail address for you.");
  }
  if ((await ports.store.byName("user", email.toLowerCase())) !== undefined) {
    const detail =
      "There is a user of this name already: log in as that user and link the account.";
    return fault("conflict", detail);
  }
  return createUser({ provider, identity, email, role }, ports);
}

interface Newcomer {
  readonly provider: OidcProvider;
  readonly identity: OidcIdentity;
  readonly email: string;
  readonly role: UserRole;
}

async function createUser(
  { provider, identity, email, role }: Newcomer,
  ports: IdentityPorts,
): Promise<Answer<Entry<"user">>> {
  const at = ports.now();
  const { name, tenant } = provider;
  const body: UserRecord = {
    username: email.toLowerCase(),
    email,
    fullName: identity.name,
    role,
    active: true,
    password: undefined,
    failedLogins: 0,
    lockedUntil: undefined,
  };
  const user = { kind: "user", id: newId("usr", at), tenant, createdAt: at, body } as const;
  const link = linkEntry(provider, identity, user, ports);
  const change = {
    change: "user.created",
    about: user.id,
    by: `oidc:${name}`,
    detail: { username: body.username, role },
  };
  const written = await changeDirectory(
    change,
    [
      { kind: "put", entry: user, expect: "absent" },
      { kind: "put", entry: link, expect: "absent" },
    ],
    ports,
  );
  return written.kind === "fault" ? written : done({ ...user, revision: written.value });
}

export function linkEntry(
  provider: OidcProvider,
  identity: OidcIdentity,
  user: Pick<Entry<"user">, "id" | "tenant">,
  { now }: Pick<IdentityPorts, "now">,
): Omit<Entry<"link">, "revision"> {
  const { subject, email } = identity;
  const at = now();
  return {
    kind: "link",
    id: linkId(provider, identity),
    tenant: user.tenant,
    createdAt: at,
    body: {
      provider: provider.name,
      subject,
      user: user.id,
      email,
      linkedAt: at,
      lastLoginAt: undefined,
    },
  };
}

const NOT_ADMITTED = fault(
  "forbidden",
  "The provider knows you, but nobody here has let you in: ask an administrator.",
);
