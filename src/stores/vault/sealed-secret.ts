/**
 * One secret at rest: AES-256-GCM under a key of its own, which is sealed under the vault's key.
 * Tenant, name, version and binding are authenticated with both, so that no record can stand in
 * for another and no binding can be widened in the file.
 */
import { randomFillSync, type KeyObject } from "node:crypto";
import type { Binding } from "../../core/secret/binding.ts";
import type { SecretName, TenantId } from "../../core/units.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { seal, unseal } from "../../lib/seal.ts";
import { VaultFault } from "./vault-fault.ts";
import { VAULT_KEY_BYTES } from "./vault-key.ts";

/** What a secret is, without its value. */
export interface SecretIdentity {
  readonly tenant: TenantId;
  readonly name: SecretName;
  /** Counts from 1. */
  readonly version: number;
  readonly binding: Binding;
}

export interface SealedSecret extends SecretIdentity {
  readonly previousVersion: number | undefined;
  /** ISO 8601, when the name was first stored. */
  readonly createdAt: string;
  /** ISO 8601, when this version was stored. */
  readonly changedAt: string;
  /** Base64 of nonce, ciphertext and tag: the secret's own key under the vault's. */
  readonly wrappedKey: string;
  /** The same, of the value under its own key. */
  readonly sealedValue: string;
}

export type Seals = Pick<SealedSecret, "wrappedKey" | "sealedValue">;

export function sealSecret(key: KeyObject, identity: SecretIdentity, value: string): Seals {
  const own = randomFillSync(Buffer.alloc(VAULT_KEY_BYTES));
  const plain = Buffer.from(value);
  try {
    return {
      wrappedKey: seal(key, own, associated(identity, "key")),
      sealedValue: seal(own, plain, associated(identity, "value")),
    };
  } finally {
    own.fill(0);
    plain.fill(0);
  }
}

/** Throws VaultFault where anything but the value's own record and key is given. */
export function unsealSecret(key: KeyObject, secret: SealedSecret): string {
  const own = unwrap(key, secret);
  try {
    const plain = unseal(own, secret.sealedValue, associated(secret, "value"));
    if (plain === undefined) throw changed(secret);
    const value = plain.toString();
    plain.fill(0);
    return value;
  } finally {
    own.fill(0);
  }
}

/** The same secret under another vault key; its value is not touched. Throws VaultFault. */
export function rewrapSecret(from: KeyObject, to: KeyObject, secret: SealedSecret): SealedSecret {
  const own = unwrap(from, secret);
  try {
    return { ...secret, wrappedKey: seal(to, own, associated(secret, "key")) };
  } finally {
    own.fill(0);
  }
}

function unwrap(key: KeyObject, secret: SealedSecret): Buffer {
  const own = unseal(key, secret.wrappedKey, associated(secret, "key"));
  if (own === undefined) throw changed(secret);
  return own;
}

function changed({ name }: SecretIdentity): VaultFault {
  return new VaultFault(
    `the secret ${name} cannot be decrypted: its record was changed, or belongs to another vault`,
  );
}

function associated(identity: SecretIdentity, part: "key" | "value"): Buffer {
  const { tenant, name, version, binding } = identity;
  return Buffer.from(canonicalJson(["sallyport-vault/1", part, tenant, name, version, binding]));
}
