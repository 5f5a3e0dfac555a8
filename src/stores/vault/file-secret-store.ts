/** The secrets of a vault file, as the management plane sees them. */
import {
  SecretsUnreachable,
  type SecretEntry,
  type SecretReply,
  type SecretStore,
} from "../../core/secret/secret-store.ts";
import type { SecretName, TenantId } from "../../core/units.ts";
import { systemCodeOf } from "../../lib/caught.ts";
import { unsealSecret, type SealedSecret } from "./sealed-secret.ts";
import { VaultFault } from "./vault-fault.ts";
import { readVault, type OpenedVault } from "./vault-file.ts";
import { openVaultKey } from "./vault-key.ts";
import type { SharedVault } from "../postgres/shared-vault.ts";
import { changeSecret, type VaultHome } from "./vault-secrets.ts";

/** `shared`: where replicas have one vault, of which this machine's file is a copy. */
export function createFileSecretStore(
  home: VaultHome,
  shared?: Pick<SharedVault, "pull" | "change">,
): SecretStore {
  async function opened(): Promise<OpenedVault | undefined> {
    await shared?.pull();
    return openedVault(home);
  }

  return {
    async list(tenant) {
      const secrets = (await opened())?.document.secrets ?? [];
      return secrets
        .filter((secret) => secret.tenant === tenant)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(entryOf);
    },
    async find(tenant, name) {
      const secret = sealedIn(await opened(), tenant, name);
      return secret && entryOf(secret);
    },
    async change(place, change) {
      try {
        await openVaultKey(home.key);
        const reply =
          shared === undefined
            ? changeSecret(home, place, change)
            : await shared.change(place, change);
        return reply.kind === "refused" ? reply : { kind: "changed", entry: entryOf(reply.secret) };
      } catch (error) {
        return unreachable(error);
      }
    },
    async reveal(tenant, name) {
      const vault = await opened();
      const secret = sealedIn(vault, tenant, name);
      if (vault === undefined || secret === undefined) return undefined;
      return { entry: entryOf(secret), value: unsealed(vault, secret) };
    },
  };
}

async function openedVault({ directory, key }: VaultHome): Promise<OpenedVault | undefined> {
  try {
    await openVaultKey(key);
    return readVault(directory, key);
  } catch (error) {
    throw new SecretsUnreachable(error);
  }
}

function unsealed({ key }: OpenedVault, secret: SealedSecret): string {
  try {
    return unsealSecret(key, secret);
  } catch (error) {
    throw new SecretsUnreachable(error);
  }
}

function sealedIn(
  vault: OpenedVault | undefined,
  tenant: TenantId,
  name: SecretName,
): SealedSecret | undefined {
  return vault?.document.secrets.find((one) => one.name === name && one.tenant === tenant);
}

function entryOf(secret: SealedSecret): SecretEntry {
  const { tenant, name, terms, revision, current, versions, createdAt, changedAt } = secret;
  return {
    tenant,
    name,
    terms,
    revision,
    current,
    versions: versions.map((version) => ({
      number: version.number,
      createdAt: version.createdAt,
    })),
    createdAt,
    changedAt,
  };
}

/** A vault that cannot be used, or a disk that refuses; anything else is a bug and is thrown. */
function unreachable(error: unknown): SecretReply {
  const isOutside = error instanceof VaultFault || systemCodeOf(error) !== undefined;
  if (error instanceof Error && isOutside) return { kind: "unreachable", cause: error };
  throw error;
}
