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
  return store(place, { name, value, at, bindingOf: () => binding });
}

/** Stores a new version under the binding that the secret has. Throws VaultFault. */
export function rotateSecret(
  place: VaultPlace,
  name: SecretName,
  value: string,
  at: string,
): SealedSecret {
  const bindingOf = (before: SealedSecret | undefined): Binding => {
    if (before === undefined) throw unknown(name);
    return before.binding;
  };
  return store(place, { name, value, at, bindingOf });
}

/** Throws VaultFault if there is none. */
export function removeSecret(place: VaultPlace, name: SecretName): void {
  changeVault(place.directory, place.key, (secrets) => {
    const rest = secrets.filter((one) => !isNamed(one, place, name));
    if (rest.length === secrets.length) throw unknown(name);
    return rest;
  });
}

interface NewVersion {
  readonly name: SecretName;
  readonly value: string;
  readonly at: string;
  readonly bindingOf: (before: SealedSecret | undefined) => Binding;
}

function store(place: VaultPlace, version: NewVersion): SealedSecret {
  const { name, value, at } = version;
  const problem = secretValueProblem(value);
  if (problem !== undefined) throw new VaultFault(`the value cannot be a credential: ${problem}`);
  let stored: SealedSecret | undefined;
  changeVault(place.directory, place.key, (secrets, key) => {
    const before = secrets.find((one) => isNamed(one, place, name));
    const identity = {
      tenant: place.tenant,
      name,
      version: (before?.version ?? 0) + 1,
      binding: version.bindingOf(before),
    };
    stored = {
      ...identity,
      previousVersion: before?.version,
      createdAt: before?.createdAt ?? at,
      changedAt: at,
      ...sealSecret(key, identity, value),
    };
    return [...secrets.filter((one) => one !== before), stored];
  });
  if (stored === undefined) throw new TypeError("the vault was not changed");
  return stored;
}

function isNamed(secret: SealedSecret, { tenant }: VaultPlace, name: SecretName): boolean {
  return secret.name === name && secret.tenant === tenant;
}

function unknown(name: SecretName): VaultFault {
  return new VaultFault(`there is no secret ${name} in the vault; see: sallyport vault list`);
}
