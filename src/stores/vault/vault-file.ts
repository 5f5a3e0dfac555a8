/**
 * `<data>/vault.json`. A file rather than a table: it is replaced whole, so nothing deleted stays
 * behind in a free page; it can be mounted read-only; and the sidecar only ever reads it.
 */
import type { KeyObject } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { underExclusiveLock } from "../sqlite/exclusive-lock.ts";
import { codeOf, systemCodeOf } from "../../lib/caught.ts";
import { rewrapSecret, type SealedSecret } from "./sealed-secret.ts";
import {
  keyIdOf,
  readVaultDocument,
  SECRETS_MAX,
  writeVaultDocument,
  type VaultDocument,
} from "./vault-document.ts";
import { nextKeyPath } from "./key-file.ts";
import { VaultFault } from "./vault-fault.ts";
import {
  adoptNextKey,
  createVaultKey,
  keyId,
  loadVaultKey,
  loadVaultKeys,
  loadNextKey,
  isOwn,
  type OwnKeySource,
  type VaultKeySource,
} from "./vault-key.ts";
import { writeDurably } from "./write-durably.ts";

const VAULT_BYTES_MAX = 32 * 1_048_576;
const DIRECTORY_MODE = 0o700;

/** An existing vault, unlocked. */
export interface OpenedVault {
  readonly document: VaultDocument;
  readonly key: KeyObject;
}

export function vaultPath(directory: string): string {
  return join(directory, "vault.json");
}

/** Undefined: no secret was ever stored. Throws VaultFault on what cannot be read or trusted. */
export function readVault(directory: string, source: VaultKeySource): OpenedVault | undefined {
  const text = readText(vaultPath(directory));
  if (text === undefined) return undefined;
  const key = keyFor(text, source);
  return { document: readVaultDocument(text, key), key };
}

/**
 * Replaces the vault's secrets by what `change` makes of them, one process at a time; `undefined`
 * leaves the vault as it was. Throws VaultFault.
 */
export function changeVault(
  directory: string,
  source: VaultKeySource,
  change: ChangeSecrets,
): void {
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  whileLocked(directory, source, () => {
    const text = nextText(directory, source, change);
    if (text !== undefined) writeDurably(vaultPath(directory), text);
  });
}

export type ChangeSecrets = (
  secrets: readonly SealedSecret[],
  key: KeyObject,
) => readonly SealedSecret[] | undefined;

/** What `changeVault` would write, for who has to agree with others first. Throws VaultFault. */
export function draftVault(
  directory: string,
  source: VaultKeySource,
  change: ChangeSecrets,
): string | undefined {
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  return whileLocked(directory, source, () => nextText(directory, source, change));
}

/**
 * Puts a vault that was written elsewhere in this one's place; `wrappedKey`: the text of the key that
 * came with it, unwrapped already. A crash at any moment leaves a vault that opens. Throws
 * VaultFault on a vault that the key does not open.
 */
export function installVault(
  directory: string,
  source: VaultKeySource,
  { text, wrappedKey }: ForeignVault,
): void {
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  whileLocked(directory, source, () => {
    const isNew = isOwn(source) && wrappedKey !== undefined && textAt(source.path) !== wrappedKey;
    if (isNew) writeDurably(nextKeyPath(source.path), wrappedKey);
    const bytes = Buffer.from(text);
    const key = isNew ? loadNextKey(source) : keyFor(bytes, source);
    const { generation } = readVaultDocument(bytes, key);
    // Another process was quicker, and has put a newer one here.
    if (generation < generationHere(directory, key)) return;
    writeDurably(vaultPath(directory), text);
    if (isNew) adoptNextKey(source.path);
  });
}

export interface ForeignVault {
  readonly text: string;
  readonly wrappedKey: string | undefined;
}

/** 0 where there is no vault, or one under another key. */
function generationHere(directory: string, key: KeyObject): number {
  const text = readText(vaultPath(directory));
  if (text === undefined || keyIdOf(text) !== keyId(key)) return 0;
  return readVaultDocument(text, key).generation;
}

/** The vault as it lies here. Throws VaultFault. */
export function vaultText(directory: string): string | undefined {
  return readText(vaultPath(directory))?.toString("utf8");
}

function textAt(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function nextText(
  directory: string,
  source: VaultKeySource,
  change: ChangeSecrets,
): string | undefined {
  const opened = readVault(directory, source);
  const key = opened?.key ?? firstKey(source);
  const secrets = change(opened?.document.secrets ?? [], key);
  if (secrets === undefined) return undefined;
  if (secrets.length > SECRETS_MAX) throw new VaultFault(`more than ${SECRETS_MAX} secrets`);
  const generation = (opened?.document.generation ?? 0) + 1;
  return writeVaultDocument(key, generation, secrets);
}

/**
 * Seals everything under the key in `to`, which the operator puts in force afterwards. Answers how
 * many secrets there are. Throws VaultFault.
 */
export function rekeyVault(directory: string, from: VaultKeySource, to: VaultKeySource): number {
  return whileLocked(directory, from, () => reseal(directory, from, () => loadVaultKey(to)));
}

/**
 * Replaces a generated key in place. The new one is written beside it first and takes its name
 * last, so that a crash at any moment leaves a vault that opens. Throws VaultFault.
 */
export function renewVaultKey(directory: string, source: VaultKeySource): number {
  if (!isOwn(source)) {
    throw new VaultFault("the key is not in the data directory: name the file of the new key");
  }
  return whileLocked(directory, source, () => {
    const count = reseal(directory, source, () => createVaultKey(source, nextKeyPath(source.path)));
    adoptNextKey(source.path);
    return count;
  });
}

function reseal(directory: string, from: VaultKeySource, nextKey: () => KeyObject): number {
  const opened = readVault(directory, from);
  if (opened === undefined) throw new VaultFault("there is no vault yet");
  const { document, key } = opened;
  const next = nextKey();
  const secrets = document.secrets.map((secret) => rewrapSecret(secret, key, next, secret.terms));
  writeDurably(vaultPath(directory), writeVaultDocument(next, document.generation + 1, secrets));
  return secrets.length;
}

/** Also ends a renewal that a crash cut short, before its key could be overwritten. */
function whileLocked<T>(directory: string, source: VaultKeySource, change: () => T): T {
  return underExclusiveLock(join(directory, "vault.lock"), () => {
    const text = readText(vaultPath(directory));
    if (text !== undefined && isOwn(source) && waitingKey(text, source)) {
      adoptNextKey(source.path);
    }
    return change();
  });
}

/** The one of the source's keys, or the one that an interrupted renewal left beside it. */
function keyFor(text: Uint8Array, source: VaultKeySource): KeyObject {
  const waiting = isOwn(source) ? waitingKey(text, source) : undefined;
  if (waiting !== undefined) return waiting;
  const keys = loadVaultKeys(source);
  const sealedUnder = keyIdOf(text);
  return keys.find((key) => keyId(key) === sealedUnder) ?? keys[0];
}

function waitingKey(text: Uint8Array, source: OwnKeySource): KeyObject | undefined {
  if (!existsSync(nextKeyPath(source.path))) return undefined;
  const next = loadNextKey(source);
  return keyId(next) === keyIdOf(text) ? next : undefined;
}

/** The vault's key for something else that is kept sealed; made if nothing was stored yet. */
export function vaultKey(directory: string, source: VaultKeySource): KeyObject {
  return whileLocked(directory, source, () => firstKey(source));
}

/** A key that is already there is kept: another vault may have been moved away from under it. */
function firstKey(source: VaultKeySource): KeyObject {
  const isNew = isOwn(source) && !existsSync(source.path);
  return isNew ? createVaultKey(source, source.path) : loadVaultKey(source);
}

function readText(path: string): Buffer | undefined {
  try {
    if (statSync(path).size > VAULT_BYTES_MAX) throw new VaultFault(`${path} is too large`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof VaultFault) throw error;
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw new VaultFault(`${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
}
