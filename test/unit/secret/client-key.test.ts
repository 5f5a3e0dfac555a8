import { generateKeyPairSync } from "node:crypto";
import { decodeProtectedHeader, jwtVerify, type CryptoKey } from "jose";
import { describe, expect, it } from "vitest";
import { createJwtSigner } from "../../../src/stores/vault/client-key.ts";

const CLAIMS = { iss: "gate", sub: "gate", aud: "https://login.example" };

const KEYS = [
  ["ES256", generateKeyPairSync("ec", { namedCurve: "P-256" })],
  ["ES384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
  ["ES512", generateKeyPairSync("ec", { namedCurve: "P-521" })],
  ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
  ["EdDSA", generateKeyPairSync("ed25519")],
] as const;

const pemOf = (pair: (typeof KEYS)[number][1]): string =>
  pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString();

describe.each(KEYS)("a client's key for %s", (alg, pair) => {
  const jwk = { ...pair.privateKey.export({ format: "jwk" }), kid: "2026-11" };

  it.each([
    ["PEM", pemOf(pair)],
    ["PEM on one line", pemOf(pair).trim().replaceAll("\n", " ")],
    ["PEM without its line breaks", pemOf(pair).replaceAll("\n", "")],
    ["PEM with line breaks in letters", pemOf(pair).replaceAll("\n", "\\n")],
    ["a JWK", JSON.stringify(jwk)],
  ])("signs what others can verify, given as %s", async (_, value) => {
    const jwt = createJwtSigner(value)?.(CLAIMS) ?? "";
    const key = pair.publicKey as unknown as CryptoKey;
    const { payload } = await jwtVerify(jwt, key, { audience: CLAIMS.aud, algorithms: [alg] });
    expect(payload).toEqual(CLAIMS);
  });

  it("is named where it has a name", () => {
    const header = decodeProtectedHeader(createJwtSigner(JSON.stringify(jwk))?.(CLAIMS) ?? "");
    expect(header).toEqual({ alg, typ: "JWT", kid: "2026-11" });
  });
});

describe("what is no key to sign with", () => {
  it.each([
    ["a password", "correct horse battery staple"],
    ["a public key", KEYS[0][1].publicKey.export({ format: "pem", type: "spki" }).toString()],
    ["a short RSA key", pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 }))],
    ["a key for key agreement", pemOf(generateKeyPairSync("x25519") as never)],
    [
      "a curve that JWS has no name for",
      pemOf(generateKeyPairSync("ec", { namedCurve: "secp224r1" })),
    ],
    ["a symmetric JWK", '{"kty":"oct","k":"AAAA"}'],
    ["half a JWK", '{"kty":"EC"'],
    ["half a PEM", "-----BEGIN PRIVATE KEY-----\nMIG"],
  ])("%s", (_, value) => {
    expect(createJwtSigner(value)).toBeUndefined();
  });
});
