/** The key that the vault is sealed under: from the environment, a file, or made for it. */
import {
  createHmac,
  createSecretKey,
  hkdfSync,
  randomFillSync,
  timingSafeEqual,
  type KeyObject,
} from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { impossible } from "../../lib/impossible.ts";
import { errorCode, VaultFault } from "./vault-fault.ts";
import { writeDurably } from "./write-durably.ts";

export const VAULT_KEY_BYTES = 32;

/** `generated`: ours, in the data directory; made when the first secret is stored. */
export type VaultKeySource =
  | { readonly kind: "environment"; readonly text: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "generated"; readonly path: string };

/** What the configuration says about the key (`SALLYPORT_VAULT_KEY`, `SALLYPORT_VAULT_KEY_FILE`). */
export interface VaultKeySettings {
  readonly key: string | undefined;
  readonly keyFile: string | undefined;
}

const KEY_FILE_BYTES_MAX = 1_024;
const SHARED_MODE = 0o077;
const FORM = "32 bytes as base64 or as 64 hex digits (openssl rand -base64 32)";

/** Throws VaultFault if the settings name two. */
export function vaultKeySource(settings: VaultKeySettings, directory: string): VaultKeySource {
  const { key, keyFile } = settings;
  if (key !== undefined && keyFile !== undefined) {
    throw new VaultFault("set SALLYPORT_VAULT_KEY or SALLYPORT_VAULT_KEY_FILE, not both");
  }
  if (key !== undefined) return { kind: "environment", text: key };
  if (keyFile !== undefined) return { kind: "file", path: keyFile };
  return { kind: "generated", path: join(directory, "vault.key") };
}

/** Throws VaultFault. The raw bytes are zeroed; the KeyObject keeps its own off the JS heap. */
export function loadVaultKey(source: VaultKeySource): KeyObject {
  switch (source.kind) {
    case "environment":
      return parseKey(source.text, "SALLYPORT_VAULT_KEY");
    case "file":
    case "generated":
      return parseKey(readKeyFile(source), source.path);
    default:
      return impossible(source);
  }
}

/** Writes a fresh key (mode 0600), replacing nothing: the caller holds the vault's lock. */
export function createVaultKey(path: string): KeyObject {
  const bytes = randomFillSync(Buffer.alloc(VAULT_KEY_BYTES));
  writeDurably(path, `${bytes.toString("base64")}\n`);
  return keyOf(bytes);
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

/** The second half of a rekey: see vault-file.ts. */
export function nextKeyPath(path: string): string {
  return `${path}.next`;
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
    throw new VaultFault(`the vault key ${path} cannot be read (${errorCode(error)})`, {
      cause: error,
    });
  }
}

function parseKey(text: string, from: string): KeyObject {
  const trimmed = text.trim();
  const isHex = /^[\da-f]{64}$/iu.test(trimmed);
  if (!isHex && !/^[\w+/-]{43}=?$/u.test(trimmed)) {
    throw new VaultFault(`${from} does not hold a vault key: it must be ${FORM}`);
  }
  return keyOf(Buffer.from(trimmed, isHex ? "hex" : "base64"));
}

function keyOf(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
