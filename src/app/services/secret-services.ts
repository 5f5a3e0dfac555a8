/** What the management API needs to keep secrets and to say who used them. */
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { Services } from "../../manage/native/services.ts";
import { SqliteSecretUses } from "../../stores/sqlite/secret-use-store.ts";
import { createFileSecretStore } from "../../stores/vault/file-secret-store.ts";
import { openSharedVault } from "../ports/open-shared-vault.ts";
import { vaultKeyOf } from "../ports/vault-key-source.ts";
import { secretUsesPath } from "../observe/secret-use-listener.ts";
import type { ServiceParts } from "./service-parts.ts";

export async function openSecretServices(
  { config, vitals }: ServiceParts,
  identity: IdentityPorts,
  started: AsyncDisposableStack,
): Promise<Pick<Services, "secrets">> {
  const directory = config.dataDirectory;
  const key = vaultKeyOf(config);
  // Those who lend from it tell of its faults.
  const shared = await openSharedVault(config, () => undefined, started);
  const secrets = createFileSecretStore({ directory, key }, shared);
  const uses = started.use(
    new SqliteSecretUses(secretUsesPath(config), (cause) => vitals.failed(cause)),
  );
  return { secrets: { ...identity, secrets, uses } };
}
