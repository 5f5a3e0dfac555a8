/**
 * The text of `vault.json`. Every secret is sealed by itself; a MAC over the whole keeps an old,
 * removed or foreign record from being put back among them.
 */
import type { KeyObject } from "node:crypto";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { readBinding } from "../../core/secret/binding.ts";
import { secretName } from "../../core/secret/secret-ref.ts";
import { id } from "../../core/units.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import type { SealedSecret } from "./sealed-secret.ts";
import { VaultFault } from "./vault-fault.ts";
import { keyId, sameMac, vaultMac } from "./vault-key.ts";

const FORMAT = "sallyport-vault/1";
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
  return { generation: countOf(body, "generation"), secrets: secrets.map(fromJson), mac };
}

function rootOf(text: Uint8Array): JsonObject {
  const parsed = parseStrictJson(text);
  if (parsed.kind !== "ok") throw new VaultFault(`the vault file is not JSON: ${parsed.message}`);
  const root = parsed.value;
  if (!isJsonObject(root) || root["format"] !== FORMAT) {
    throw new VaultFault(`the vault file is not of the format ${FORMAT}`);
  }
  return root;
}

function toJson(secret: SealedSecret): JsonObject {
  return {
    tenant: secret.tenant,
    name: secret.name,
    version: secret.version,
    previous_version: secret.previousVersion ?? null,
    created_at: secret.createdAt,
    changed_at: secret.changedAt,
    binding: { ...secret.binding },
    wrapped_key: secret.wrappedKey,
    sealed_value: secret.sealedValue,
  };
}

/** The MAC has proved that we wrote it; the checks find a vault of another version of ours. */
function fromJson(value: JsonValue): SealedSecret {
  if (!isJsonObject(value)) throw malformed("secrets");
  const name = secretName(textOf(value, "name"));
  if (name === undefined) throw malformed("name");
  const binding = value["binding"];
  if (!isJsonObject(binding)) throw malformed("binding");
  const reading = readBinding({
    origin: textOf(binding, "origin"),
    paths: textsOf(binding, "paths"),
    methods: textsOf(binding, "methods"),
    header: textOf(binding, "header"),
    format: textOf(binding, "format"),
  });
  if (reading.kind === "problems") throw malformed("binding");
  const previous = value["previous_version"] === null;
  return {
    tenant: id(textOf(value, "tenant")),
    name,
    version: countOf(value, "version"),
    previousVersion: previous ? undefined : countOf(value, "previous_version"),
    createdAt: textOf(value, "created_at"),
    changedAt: textOf(value, "changed_at"),
    binding: reading.binding,
    wrappedKey: textOf(value, "wrapped_key"),
    sealedValue: textOf(value, "sealed_value"),
  };
}

function textOf(object: JsonObject, key: string): string {
  const value = object[key];
  if (typeof value !== "string") throw malformed(key);
  return value;
}

function textsOf(object: JsonObject, key: string): readonly string[] {
  const value = object[key];
  if (!isJsonArray(value)) throw malformed(key);
  return value.map((one) => {
    if (typeof one !== "string") throw malformed(key);
    return one;
  });
}

function countOf(object: JsonObject, key: string): number {
  const value = object[key];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw malformed(key);
  return value;
}

function malformed(key: string): VaultFault {
  return new VaultFault(`the vault file has no valid ${key}`);
}
