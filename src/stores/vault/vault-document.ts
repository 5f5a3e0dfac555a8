/**
 * The text of `vault.json`. Every secret is sealed by itself; a MAC over the whole keeps an old,
 * removed or foreign record from being put back among them.
 */
import type { KeyObject } from "node:crypto";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { secretName } from "../../core/secret/secret-ref.ts";
import { id } from "../../core/units.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import { FIRST_FORMAT, fromFirstFormat } from "./first-format.ts";
import { countOf, malformed, textOf, timeOf, timeText } from "./json-members.ts";
import type { SealedSecret, SealedVersion } from "./sealed-secret.ts";
import { termsFromJson, termsToJson } from "./terms-json.ts";
import { VaultFault } from "./vault-fault.ts";
import { keyId, sameMac, vaultMac } from "./vault-key.ts";

const FORMAT = "sallyport-vault/2";
export const SECRETS_MAX = 10_000;

export interface VaultDocument {
  /** Grows by one with every change, so that a process notices an older file. */
  readonly generation: number;
  readonly secrets: readonly SealedSecret[];
  readonly mac: string;
}

/** What was written, and its MAC as kept in it. */
export function writeVaultDocument(
  key: KeyObject,
  generation: number,
  secrets: readonly SealedSecret[],
): string {
  const body = { format: FORMAT, key_id: keyId(key), generation, secrets: secrets.map(toJson) };
  const mac = vaultMac(key, canonicalJson(body));
  return `${JSON.stringify({ ...body, mac }, undefined, 2)}\n`;
}

/** The key that a vault's text asks for; its text is not yet proved. Throws VaultFault. */
export function keyIdOf(text: Uint8Array): string {
  return textOf(rootOf(text), "key_id");
}

/** Throws VaultFault on anything but a whole, unchanged vault under this key. */
export function readVaultDocument(text: Uint8Array, key: KeyObject): VaultDocument {
  const { mac, ...body } = rootOf(text);
  if (textOf(body, "key_id") !== keyId(key)) {
    throw new VaultFault(
      "the vault was sealed under another key; give the right one by SALLYPORT_VAULT_KEY_FILE " +
        "or SALLYPORT_VAULT_KEY",
    );
  }
  if (typeof mac !== "string" || !sameMac(mac, vaultMac(key, canonicalJson(body)))) {
    throw new VaultFault("the vault file was changed by something other than sallyport");
  }
  const secrets = body["secrets"];
  if (!isJsonArray(secrets)) throw malformed("secrets");
  const read = body["format"] === FIRST_FORMAT ? fromFirst(key) : fromJson;
  return { generation: countOf(body, "generation"), secrets: secrets.map(read), mac };
}

function rootOf(text: Uint8Array): JsonObject {
  const parsed = parseStrictJson(text);
  if (parsed.kind !== "ok") throw new VaultFault(`the vault file is not JSON: ${parsed.message}`);
  const root = parsed.value;
  if (!isJsonObject(root) || (root["format"] !== FORMAT && root["format"] !== FIRST_FORMAT)) {
    throw new VaultFault(`the vault file is not of the format ${FORMAT}`);
  }
  return root;
}

function fromFirst(key: KeyObject): (value: JsonValue) => SealedSecret {
  return (value) => {
    if (!isJsonObject(value)) throw malformed("secrets");
    return fromFirstFormat(value, key);
  };
}

function toJson(secret: SealedSecret): JsonObject {
  return {
    tenant: secret.tenant,
    name: secret.name,
    revision: secret.revision,
    created_at: timeText(secret.createdAt),
    changed_at: timeText(secret.changedAt),
    terms: termsToJson(secret.terms),
    current: secret.current,
    last: secret.last,
    versions: secret.versions.map(({ number, createdAt, wrappedKey, sealedValue }) => ({
      number,
      created_at: timeText(createdAt),
      wrapped_key: wrappedKey,
      sealed_value: sealedValue,
    })),
  };
}

function fromJson(value: JsonValue): SealedSecret {
  if (!isJsonObject(value)) throw malformed("secrets");
  const name = secretName(textOf(value, "name"));
  if (name === undefined) throw malformed("name");
  const { terms, versions } = value;
  if (!isJsonObject(terms)) throw malformed("terms");
  if (!isJsonArray(versions)) throw malformed("versions");
  return {
    tenant: id(textOf(value, "tenant")),
    name,
    revision: countOf(value, "revision"),
    createdAt: timeOf(value, "created_at"),
    changedAt: timeOf(value, "changed_at"),
    terms: termsFromJson(terms),
    current: countOf(value, "current"),
    last: countOf(value, "last"),
    versions: versions.map(versionFromJson),
  };
}

function versionFromJson(value: JsonValue): SealedVersion {
  if (!isJsonObject(value)) throw malformed("versions");
  return {
    number: countOf(value, "number"),
    createdAt: timeOf(value, "created_at"),
    wrappedKey: textOf(value, "wrapped_key"),
    sealedValue: textOf(value, "sealed_value"),
  };
}
