/** The key that the vault is sealed under: given, made for it, or wrapped by a service. */
import { createHmac, hkdfSync, randomFillSync, timingSafeEqual, type KeyObject } from "node:crypto";
import { closeSync, existsSync, fstatSync, openSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../lib/caught.ts";
import { impossible } from "../../lib/impossible.ts";
import { keyOf, nextKeyPath, parseKey, parseKeys, VAULT_KEY_BYTES } from "./key-file.ts";
import type { KeyWrapper } from "./key-wrapper.ts";
import { VaultFault } from "./vault-fault.ts";
import {
  prepareSpare,
  takeSpare,
  unwrapKeys,
  unwrappedKey,
  type WrappedKeySource,
} from "./wrapped-key.ts";
import { writeDurably } from "./write-durably.ts";

/** `generated`: ours, in the data directory; made when the first secret is stored. */
export type VaultKeySource =
  | { readonly kind: "environment"; readonly text: string }
  | { readonly kind: "file"; readonly path: string }
  | OwnKeySource;

/** Keys that we make and write ourselves. */
export type OwnKeySource = GeneratedKeySource | WrappedKeySource;

interface GeneratedKeySource {
  readonly kind: "generated";
  readonly path: string;
}

/** What the configuration says about the key (`SALLYPORT_VAULT_KEY`, `SALLYPORT_VAULT_KEY_FILE`). */
export interface VaultKeySettings {
  readonly key: string | undefined;
  readonly keyFile: string | undefined;
  /** A service that wraps the key; undefined: none does. */
  readonly wrapper?: (() => Promise<KeyWrapper>) | undefined;
}

const KEY_FILE_BYTES_MAX = 1_024;
const SHARED_MODE = 0o077;

/** Throws VaultFault if the settings name two. */
export function vaultKeySource(settings: VaultKeySettings, directory: string): VaultKeySource {
  const { key, keyFile, wrapper } = settings;
  if (key !== undefined && keyFile !== undefined) {
    throw new VaultFault("set SALLYPORT_VAULT_KEY or SALLYPORT_VAULT_KEY_FILE, not both");
  }
  if (wrapper !== undefined && (key ?? keyFile) !== undefined) {
    throw new VaultFault("set vault.kms or a key, not both");
  }
  if (key !== undefined) return { kind: "environment", text: key };
  if (keyFile !== undefined) return { kind: "file", path: keyFile };
  const path = join(directory, "vault.key");
  if (wrapper === undefined) return { kind: "generated", path };
  return { kind: "wrapped", path, wrapper, unwrapped: new Map(), spare: { text: undefined } };
}

/** What a new vault is sealed under. Throws VaultFault. */
export function loadVaultKey(source: VaultKeySource): KeyObject {
  return loadVaultKeys(source)[0];
}

/** All that may have sealed a vault; see `parseKeys`. Throws VaultFault. */
export function loadVaultKeys(source: VaultKeySource): readonly [KeyObject, ...KeyObject[]] {
  switch (source.kind) {
    case "environment":
      return parseKeys(source.text, "SALLYPORT_VAULT_KEY");
    case "file":
      return parseKeys(readKeyFile(source), source.path);
    case "generated":
      return [parseKey(readKeyFile(source), source.path)];
    case "wrapped":
      return [unwrappedKey(source, source.path)];
    default:
      return impossible(source);
  }
}

/** Writes a fresh key (mode 0600), replacing nothing: the caller holds the vault's lock. */
export function createVaultKey(source: OwnKeySource, path: string): KeyObject {
  if (source.kind === "wrapped") {
    writeDurably(path, takeSpare(source));
    return unwrappedKey(source, path);
  }
  const bytes = randomFillSync(Buffer.alloc(VAULT_KEY_BYTES));
  writeDurably(path, `${bytes.toString("base64")}\n`);
  return keyOf(bytes);
}

/** The key that an interrupted renewal left beside this one. Throws VaultFault. */
export function loadNextKey(source: OwnKeySource): KeyObject {
  const path = nextKeyPath(source.path);
  return source.kind === "wrapped"
    ? unwrappedKey(source, path)
    : loadVaultKey({ kind: "generated", path });
}

/**
 * What has to be asked of a service, before the vault is used: everything after it is synchronous.
 * Rejects with VaultFault.
 */
export async function openVaultKey(source: VaultKeySource): Promise<void> {
  if (source.kind !== "wrapped") return;
  await unwrapKeys(source);
  if (!existsSync(source.path)) await prepareSpare(source);
}

/** Before the key is renewed. Rejects with VaultFault. */
export async function prepareNextKey(source: VaultKeySource): Promise<void> {
  if (source.kind === "wrapped") await prepareSpare(source);
}

export function isOwn(source: VaultKeySource): source is OwnKeySource {
  return source.kind === "generated" || source.kind === "wrapped";
}

/** Names a key without giving it away, so that a wrong key is told apart from a changed vault. */
export function keyId(key: KeyObject): string {
  return derive(key, "key id", 8).toString("hex");
}

/** HMAC-SHA-256 under a key of its own, as base64. */
export function vaultMac(key: KeyObject, text: string): string {
  const macKey = derive(key, "file mac", VAULT_KEY_BYTES);
  const mac = createHmac("sha256", macKey).update(text).digest("base64");
  macKey.fill(0);
  return mac;
}

export function sameMac(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export function adoptNextKey(path: string): void {
  renameSync(nextKeyPath(path), path);
}

function derive(key: KeyObject, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", `sallyport-vault/1 ${purpose}`, bytes));
}

function readKeyFile({ kind, path }: { kind: "file" | "generated"; path: string }): string {
  try {
    const file = openSync(path, "r");
    try {
      const { mode, size } = fstatSync(file);
      if (kind === "generated" && (mode & SHARED_MODE) !== 0) {
        throw new VaultFault(`${path} can be read by others; run: chmod 600 ${path}`);
      }
      if (size > KEY_FILE_BYTES_MAX) throw new VaultFault(`${path} is too large to be a key`);
      return readFileSync(file, "utf8");
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof VaultFault) throw error;
    throw new VaultFault(`the vault key ${path} cannot be read (${codeOf(error)})`, {
      cause: error,
    });
  }
}
