/** What the operator does to the vault: set, rotate and remove secrets. */
import type { Binding } from "../../core/secret/binding.ts";
import { secretValueProblem } from "../../core/secret/secret-value.ts";
import type { SecretName, TenantId } from "../../core/units.ts";
import { sealSecret, type SealedSecret } from "./sealed-secret.ts";
import { VaultFault } from "./vault-fault.ts";
import type { VaultKeySource } from "./vault-key.ts";
import { changeVault } from "./vault-file.ts";

/** A vault on disk, as the operator's commands address it. */
export interface VaultPlace {
  readonly directory: string;
  readonly key: VaultKeySource;
  readonly tenant: TenantId;
}

/** Stores a new secret, or a new version of one with a new binding. Throws VaultFault. */
export function setSecret(
  place: VaultPlace,
  name: SecretName,
  binding: Binding,
  value: string,
  at: string,
): SealedSecret {
  const stored = store(place, { name, value, at, binding });
  if (stored === undefined) throw new TypeError("a secret with a binding was not stored");
  return stored;
}

/**
 * Stores a new version under the binding that the secret has; undefined if there is none. Throws
 * VaultFault.
 */
export function rotateSecret(
  place: VaultPlace,
  name: SecretName,
  value: string,
  at: string,
): SealedSecret | undefined {
  return store(place, { name, value, at, binding: undefined });
}

/** Whether there was one. Throws VaultFault. */
export function removeSecret(place: VaultPlace, name: SecretName): boolean {
  let found = false;
  changeVault(place.directory, place.key, (secrets) => {
    const rest = secrets.filter((one) => !isNamed(one, place, name));
    found = rest.length < secrets.length;
    return found ? rest : undefined;
  });
  return found;
}

interface NewVersion {
  readonly name: SecretName;
  readonly value: string;
  readonly at: string;
  /** Undefined: the one it has. */
  readonly binding: Binding | undefined;
}

function store(place: VaultPlace, version: NewVersion): SealedSecret | undefined {
  const { name, value, at } = version;
  const problem = secretValueProblem(value);
  if (problem !== undefined) throw new VaultFault(`the value cannot be a credential: ${problem}`);
  let stored: SealedSecret | undefined;
  changeVault(place.directory, place.key, (secrets, key) => {
    const before = secrets.find((one) => isNamed(one, place, name));
    const binding = version.binding ?? before?.binding;
    if (binding === undefined) return undefined;
    const number = (before?.version ?? 0) + 1;
    const identity = { tenant: place.tenant, name, version: number, binding };
    stored = {
      ...identity,
      previousVersion: before?.version,
      createdAt: before?.createdAt ?? at,
      changedAt: at,
      ...sealSecret(key, identity, value),
    };
    return [...secrets.filter((one) => one !== before), stored];
  });
  return stored;
}

function isNamed(secret: SealedSecret, { tenant }: VaultPlace, name: SecretName): boolean {
  return secret.name === name && secret.tenant === tenant;
}
