/** AES-256-GCM as base64 of nonce, ciphertext and tag. */
import { createCipheriv, createDecipheriv, randomFillSync, type KeyObject } from "node:crypto";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `associated` is authenticated with it: what was sealed for one thing does not open as another. */
export function seal(key: KeyObject | Buffer, plain: Buffer, associated: Buffer): string {
  const nonce = randomFillSync(Buffer.alloc(NONCE_BYTES));
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString("base64");
}

/** Undefined: not what was sealed, or not under this key. */
export function unseal(
  key: KeyObject | Buffer,
  sealed: string,
  associated: Buffer,
): Buffer | undefined {
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const bodyEnd = bytes.length - TAG_BYTES;
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), options);
  decipher.setAAD(associated);
  decipher.setAuthTag(bytes.subarray(bodyEnd));
  const body = decipher.update(bytes.subarray(NONCE_BYTES, bodyEnd));
  try {
    decipher.final();
    return body;
  } catch {
    // The tag is wrong: what was decrypted so far must not be seen by anyone.
    body.fill(0);
    return undefined;
  }
}
