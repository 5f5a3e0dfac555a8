import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type {
  SecretEntry,
  SecretStore,
  SecretUse,
  SecretUses,
} from "../../core/secret/secret-store.ts";

/** What operations on secrets ask of the world. */
export interface SecretPorts extends SecretDesk, IdentityPorts {}

/** What their keepers need: no directory is asked. */
export interface SecretDesk extends Pick<IdentityPorts, "ledger" | "now" | "heard"> {
  readonly secrets: SecretStore;
  readonly uses: SecretUses;
}

/** A secret as its keepers see it. */
export interface SecretView {
  readonly entry: SecretEntry;
  /** Undefined: never used. */
  readonly use: SecretUse | undefined;
}

export function viewOf(entry: SecretEntry, { uses }: Pick<SecretPorts, "uses">): SecretView {
  return { entry, use: uses.of(entry.tenant, entry.name) };
}
