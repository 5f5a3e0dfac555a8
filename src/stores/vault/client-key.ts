/**
 * The private key of an OAuth client: it signs JWTs that say who asks, and never leaves.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-3
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, sign, type KeyObject } from "node:crypto";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { JwtSigner } from "../../core/secret/vault.ts";

/** RFC 7518 §3.3. */
const RSA_BITS_MIN = 2048;

interface Algorithm {
  readonly alg: string;
  readonly hash: string | null;
}

/** RFC 7518 §3.4: each curve has its hash. */
const CURVES: Readonly<Record<string, Algorithm>> = {
  prime256v1: { alg: "ES256", hash: "sha256" },
  secp384r1: { alg: "ES384", hash: "sha384" },
  secp521r1: { alg: "ES512", hash: "sha512" },
};
const RSA: Algorithm = { alg: "RS256", hash: "sha256" };
const EDWARDS: Algorithm = { alg: "EdDSA", hash: null };

/** Undefined: the value is no private key that can be signed with here. */
export function createJwtSigner(value: string): JwtSigner | undefined {
  const text = value.trim();
  const jwk = text.startsWith("{") ? jwkOf(text) : undefined;
  const key = privateKey(text, jwk);
  const algorithm = key && algorithmOf(key);
  if (key === undefined || algorithm === undefined) return undefined;
  const { alg, hash } = algorithm;
  const kid = jwk?.["kid"];
  const header = { alg, typ: "JWT", ...(typeof kid === "string" && { kid }) };
  return (claims) => {
    const signed = `${encoded(header)}.${encoded(claims)}`;
    // JWS wants r and s beside each other, not in DER (RFC 7518 §3.4).
    const signature = sign(hash, Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  };
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function jwkOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function privateKey(text: string, jwk: JsonObject | undefined): KeyObject | undefined {
  try {
    if (jwk !== undefined) return createPrivateKey({ key: { ...jwk }, format: "jwk" });
    return createPrivateKey(unfolded(text));
  } catch {
    return undefined;
  }
}

const PEM_LINE_CHARS = 64;

/** PEM whose line breaks became spaces, or `\n` in letters, as they do in environment variables. */
function unfolded(text: string): string {
  const [, label, body = ""] =
    /^-----BEGIN ([A-Z ]{1,32})-----([^-]{1,16384})-----END/u.exec(text) ?? [];
  if (label === undefined) return text;
  const base64 = body.replaceAll("\\n", "").replaceAll(/\s/gu, "");
  const lines = base64.match(new RegExp(`.{1,${PEM_LINE_CHARS}}`, "gu")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

function algorithmOf(key: KeyObject): Algorithm | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "ec") return CURVES[details?.namedCurve ?? ""];
  if (type === "rsa" && (details?.modulusLength ?? 0) >= RSA_BITS_MIN) return RSA;
  return type === "ed25519" ? EDWARDS : undefined;
}
