import type { SharedVault } from "../../stores/postgres/shared-vault.ts";
import type { VaultFault } from "../../stores/vault/vault-fault.ts";
import type { Config } from "../config/config.ts";
import { vaultKeyOf } from "./vault-key-source.ts";

/**
 * The vault that replicas share: where they have one directory, and a key that each of them can have.
 * A key that was made in the data directory is this machine's alone, and so is its vault.
 */
export async function openSharedVault(
  config: Config,
  onFault: (fault: VaultFault) => void,
  started: AsyncDisposableStack,
): Promise<SharedVault | undefined> {
  const { directoryUrl: url, dataDirectory: directory } = config;
  const key = vaultKeyOf(config);
  if (url === undefined || key.kind === "generated") return undefined;
  const { SharedVault: Shared } = await import("../../stores/postgres/shared-vault.ts");
  return started.use(new Shared({ url, directory, key, onFault }));
}
