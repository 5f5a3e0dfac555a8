/** A person's accounts at OpenID providers, linked to the one here and unlinked again. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { OidcIdentity, OidcProvider } from "../../core/identity/oidc.ts";
import { changeDirectory } from "./change-directory.ts";
import { linkEntry } from "./user-of-identity.ts";

/** Accounts that one person may have linked: one for each provider. */
const LINKS_MAX = 100;

export async function linkAccount(
  userId: string,
  provider: OidcProvider,
  identity: OidcIdentity,
  ports: IdentityPorts,
): Promise<Answer<Entry<"user">>> {
  const user = await ports.store.get("user", userId);
  if (user === undefined || !user.body.active) return fault("not_found", "There is no such user.");
  const links = await linksOf(user, ports);
  if (links.some(({ body }) => body.provider === provider.name)) {
    return fault("conflict", `An account of ${provider.name} is linked already: unlink it first.`);
  }
  const change = {
    change: "user.linked",
    about: userId,
    by: user.body.username,
    detail: { provider: provider.name },
  };
  const entry = linkEntry(provider, identity, user, ports);
  const written = await changeDirectory(change, [{ kind: "put", entry, expect: "absent" }], ports);
  if (written.kind === "done") return done(user);
  const taken = written.fault.code === "changed_meanwhile";
  return taken ? fault("conflict", "This account is another user's.") : written;
}

/** Nobody locks themselves out: the last way in stays. */
export async function unlinkAccount(
  caller: Caller,
  provider: string,
  ports: IdentityPorts,
): Promise<Answer<undefined>> {
  const user = await ports.store.get("user", caller.id);
  if (user === undefined) return fault("invalid", "Only a person has linked accounts.");
  const links = await linksOf(user, ports);
  const link = links.find(({ body }) => body.provider === provider);
  if (link === undefined) return fault("not_found", `No account of ${provider} is linked.`);
  if (links.length === 1 && user.body.password === undefined) {
    return fault("conflict", "This is the only way you can log in: ask for a password first.");
  }
  const change = {
    change: "user.unlinked",
    about: user.id,
    by: caller.name,
    detail: { provider },
  };
  const { id, tenant, revision } = link;
  const remove = { kind: "remove", of: "link", id, tenant, expect: revision } as const;
  const written = await changeDirectory(change, [remove], ports);
  return written.kind === "fault" ? written : done(undefined);
}

export function linksOf(
  { id, tenant }: Pick<Entry<"user"> | Caller, "id" | "tenant">,
  { store }: Pick<IdentityPorts, "store">,
): Promise<readonly Entry<"link">[]> {
  return store.list("link", { tenant, owner: id, limit: LINKS_MAX });
}
