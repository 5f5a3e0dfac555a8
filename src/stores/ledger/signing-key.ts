/** The Ed25519 key that tree heads are signed with, and the public keys that check them. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { sha256Hex } from "../../lib/canonical-json.ts";
import { systemCodeOf } from "../../lib/caught.ts";
import { randomToken } from "../../lib/ids.ts";
import type { Digest } from "../../core/units.ts";

const PRIVATE_MODE = 0o600;
const OTHERS = 0o077;
const NAME_BYTES = 8;

export interface SigningKey extends PublicKey {
  /** Ed25519 over the text's UTF-8, base64. */
  sign(text: string): string;
}

export interface PublicKey {
  /** SHA-256 of the SPKI form. */
  readonly id: Digest;
  /** SPKI, DER, base64: one line that fits a record. */
  readonly spki: string;
  verifies(text: string, signature: string): boolean;
}

/** What is wrong with a key, and what to do about it. */
export class SigningKeyFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SigningKeyFault";
  }
}

/** Reads the key of a PEM file. Throws SigningKeyFault. */
export function loadSigningKey(path: string): SigningKey {
  const isOpen = (statSync(path).mode & OTHERS) !== 0;
  if (isOpen) throw new SigningKeyFault(`${path} may be read by others: chmod 600 it`);
  const key = parseKey(() => createPrivateKey(readFileSync(path)), path);
  return { ...publicOf(createPublicKey(key)), sign: (text) => signText(key, text) };
}

/** How a key that replaces another is vouched for. */
export interface Endorsement {
  /** The new key's. */
  readonly key: Digest;
  readonly by: Digest;
  /** The old key's signature over `endorsementText` of the new one. */
  readonly signature: string;
}

export function endorsementText(spki: string): string {
  return `sallyport signing key v1\n${spki}`;
}

/**
 * Puts a new key in the place of the one in `path`, with the old one's word for it beside it; the
 * old one is gone afterwards. Throws SigningKeyFault.
 */
export function rotateSigningKey(path: string): Endorsement {
  const old = loadSigningKey(path);
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  writeNewKey(draft);
  const fresh = loadSigningKey(draft);
  const signature = old.sign(endorsementText(fresh.spki));
  const endorsement = { key: fresh.id, by: old.id, signature };
  writeFileSync(endorsementPath(path), JSON.stringify(endorsement), { flush: true });
  renameSync(draft, path);
  return endorsement;
}

/** What the key before said of this one; undefined where it replaced none. */
export function endorsementOf(path: string, key: PublicKey): Endorsement | undefined {
  let said: Partial<Endorsement>;
  try {
    said = JSON.parse(readFileSync(endorsementPath(path), "utf8"));
  } catch {
    return undefined;
  }
  const { by, signature } = said;
  if (said.key !== key.id || by === undefined || signature === undefined) return undefined;
  return { key: key.id, by, signature };
}

function endorsementPath(path: string): string {
  return `${path}.endorsement.json`;
}

/** The key of that file, made if there is none yet. Workers that start together get the same. */
export function openSigningKey(path: string): SigningKey {
  try {
    return loadSigningKey(path);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
  writeNewKey(path);
  return loadSigningKey(path);
}

/** Whole or not at all, and never over another's: a link fails where the name is taken. */
function writeNewKey(path: string): void {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  const draft = `${path}.${randomToken(NAME_BYTES)}`;
  writeFileSync(draft, pem, { mode: PRIVATE_MODE, flag: "wx", flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A public key as PEM or as the base64 of its SPKI form. Throws SigningKeyFault. */
export function readPublicKey(text: string): PublicKey {
  const trimmed = text.trim();
  return publicOf(
    parseKey(
      () =>
        trimmed.startsWith("-----")
          ? createPublicKey(trimmed)
          : createPublicKey({ key: Buffer.from(trimmed, "base64"), format: "der", type: "spki" }),
      "the public key",
    ),
  );
}

function parseKey(read: () => KeyObject, what: string): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") throw error;
    throw new SigningKeyFault(`${what} cannot be read as an Ed25519 key (PEM)`);
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new SigningKeyFault(`${what} is a key of another kind: Ed25519 is needed`);
}

function publicOf(key: KeyObject): PublicKey {
  const der = key.export({ type: "spki", format: "der" });
  return {
    id: sha256Hex<Digest>(der),
    spki: der.toString("base64"),
    verifies(text, signature) {
      const bytes = Buffer.from(signature, "base64");
      // Node passes over what is no base64, so a changed sign could mean the same bytes.
      return bytes.toString("base64") === signature && verify(null, Buffer.from(text), key, bytes);
    },
  };
}

function signText(key: KeyObject, text: string): string {
  return sign(null, Buffer.from(text), key).toString("base64");
}
