/**
 * One secret at rest: each version AES-256-GCM under a key of its own, which is sealed under the
 * vault's key. Tenant, name and version are authenticated with both, the terms with the key, so
 * that no record can stand in for another and no terms can be widened in the file.
 */
import { randomFillSync, type KeyObject } from "node:crypto";
import type { SecretEntry, SecretVersion } from "../../core/secret/secret-store.ts";
import type { SecretTerms } from "../../core/secret/secret-terms.ts";
import type { SecretName, TenantId } from "../../core/units.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { seal, unseal } from "../../lib/seal.ts";
import { termsToJson } from "./terms-json.ts";
import { VaultFault } from "./vault-fault.ts";
import { VAULT_KEY_BYTES } from "./key-file.ts";

/** What one version is, without its value. */
export interface SecretIdentity {
  readonly tenant: TenantId;
  readonly name: SecretName;
  /** Counts from 1. */
  readonly version: number;
  readonly terms: SecretTerms;
}

export interface SealedSecret extends SecretEntry {
  readonly versions: readonly SealedVersion[];
  /** The highest number ever given. */
  readonly last: number;
}

export interface SealedVersion extends SecretVersion {
  /** Base64 of nonce, ciphertext and tag: the version's own key under the vault's. */
  readonly wrappedKey: string;
  /** The same, of the value under its own key. */
  readonly sealedValue: string;
}

export type Seals = Pick<SealedVersion, "wrappedKey" | "sealedValue">;

export function sealValue(key: KeyObject, identity: SecretIdentity, value: string): Seals {
  const own = randomFillSync(Buffer.alloc(VAULT_KEY_BYTES));
  const plain = Buffer.from(value);
  try {
    return {
      wrappedKey: seal(key, own, keyContext(identity)),
      sealedValue: seal(own, plain, valueContext(identity)),
    };
  } finally {
    own.fill(0);
    plain.fill(0);
  }
}

/** The current value. Throws VaultFault where anything but its own record and key is given. */
export function unsealSecret(key: KeyObject, secret: SealedSecret): string {
  const version = secret.versions.find(({ number }) => number === secret.current);
  if (version === undefined) throw changed(secret.name);
  const identity = identityOf(secret, version);
  const own = unwrap(key, identity, version);
  try {
    const plain = unseal(own, version.sealedValue, valueContext(identity));
    if (plain === undefined) throw changed(secret.name);
    const value = plain.toString();
    plain.fill(0);
    return value;
  } finally {
    own.fill(0);
  }
}

/**
 * The same secret under another vault key or other terms, or both; its values are not touched.
 * Throws VaultFault.
 */
export function rewrapSecret(
  secret: SealedSecret,
  from: KeyObject,
  to: KeyObject,
  terms: SecretTerms,
): SealedSecret {
  const versions = secret.versions.map((version) => {
    const own = unwrap(from, identityOf(secret, version), version);
    try {
      const identity = { ...identityOf(secret, version), terms };
      return { ...version, wrappedKey: seal(to, own, keyContext(identity)) };
    } finally {
      own.fill(0);
    }
  });
  return { ...secret, terms, versions };
}

function identityOf(secret: SealedSecret, { number }: SealedVersion): SecretIdentity {
  return { tenant: secret.tenant, name: secret.name, version: number, terms: secret.terms };
}

function unwrap(key: KeyObject, identity: SecretIdentity, { wrappedKey }: Seals): Buffer {
  const own = unseal(key, wrappedKey, keyContext(identity));
  if (own === undefined) throw changed(identity.name);
  return own;
}

function changed(name: SecretName): VaultFault {
  return new VaultFault(
    `the secret ${name} cannot be decrypted: its record was changed, or belongs to another vault`,
  );
}

const FORMAT = "sallyport-vault/2";

function keyContext({ tenant, name, version, terms }: SecretIdentity): Buffer {
  return Buffer.from(canonicalJson([FORMAT, "key", tenant, name, version, termsToJson(terms)]));
}

function valueContext({ tenant, name, version }: SecretIdentity): Buffer {
  return Buffer.from(canonicalJson([FORMAT, "value", tenant, name, version]));
}
