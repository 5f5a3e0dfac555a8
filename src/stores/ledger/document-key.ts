/**
 * The ledger's signing key as a signer of documents; a key that cannot be read verifies nothing.
 */
import type { DocumentKey } from "../../core/ledger/document-signing.ts";
import { readPublicKey, SigningKeyFault, type SigningKey } from "./signing-key.ts";

export function documentKey(key: SigningKey): DocumentKey {
  return {
    id: key.id,
    publicKey: key.spki,
    sign: (text) => key.sign(text),
    verifies(publicKey, text, signature) {
      try {
        return readPublicKey(publicKey).verifies(text, signature);
      } catch (error) {
        if (error instanceof SigningKeyFault) return false;
        throw error;
      }
    },
  };
}
