import type { KeyWrapper } from "../../stores/vault/key-wrapper.ts";
import { vaultKeySource, type VaultKeySource } from "../../stores/vault/vault-key.ts";
import { impossible } from "../../lib/impossible.ts";
import type { Config, KmsSettings } from "../config/config.ts";

const sources = new WeakMap<Config, VaultKeySource>();

/** One for each configuration: what a service has unwrapped is remembered. Throws VaultFault. */
export function vaultKeyOf(config: Config): VaultKeySource {
  const known = sources.get(config);
  if (known !== undefined) return known;
  const { key, keyFile, kms } = config.vault;
  const wrapper = kms && (() => openWrapper(kms));
  const source = vaultKeySource({ key, keyFile, wrapper }, config.dataDirectory);
  sources.set(config, source);
  return source;
}

/** Loaded for those who use it. */
async function openWrapper(kms: KmsSettings): Promise<KeyWrapper> {
  switch (kms.kind) {
    case "aws":
      return (await import("../../stores/vault/aws-kms.ts")).createAwsKms(kms);
    case "transit":
      return (await import("../../stores/vault/hashicorp-vault.ts")).createTransit(kms);
    default:
      return impossible(kms);
  }
}
