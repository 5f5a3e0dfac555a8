/** Documents that leave the gate and are shown to it, or to others, again. */
import { canonicalJson } from "../../lib/canonical-json.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import type { Digest } from "../units.ts";

/** The ledger's signing key, as far as documents need it. */
export interface DocumentKey {
  /** SHA-256 of its SPKI form. */
  readonly id: Digest;
  /** SPKI, DER, base64. */
  readonly publicKey: string;
  /** Ed25519 over the text's UTF-8, base64. */
  sign(text: string): string;
  /** Whether another key, given as its SPKI form, has signed the text. */
  verifies(publicKey: string, text: string, signature: string): boolean;
}

export interface DocumentSignature {
  readonly algorithm: "Ed25519";
  readonly key: Digest;
  readonly value: string;
}

/** What is signed begins with it, so that no other document of the key can pass for a decision. */
const DECISION = "sallyport decision v1\n";

/** Over the canonical JSON (RFC 8785) of all its members. */
export function signDecision(document: object, key: DocumentKey): DocumentSignature {
  return { algorithm: "Ed25519", key: key.id, value: key.sign(textOf(document)) };
}

export type SignatureReading =
  | { readonly kind: "signed"; readonly key: string; readonly text: string; readonly value: string }
  | { readonly kind: "unsigned" };

/** A document as it was handed out, its signature among its members. */
export function readSignedDecision({ signature, ...document }: JsonObject): SignatureReading {
  if (!isJsonObject(signature)) return { kind: "unsigned" };
  const { algorithm, key, value } = signature;
  if (algorithm !== "Ed25519" || typeof key !== "string" || typeof value !== "string") {
    return { kind: "unsigned" };
  }
  return { kind: "signed", key, text: textOf(document), value };
}

function textOf(document: object): string {
  return DECISION + canonicalJson(document);
}
