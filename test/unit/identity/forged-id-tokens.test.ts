/** ID tokens as a provider, or somebody in its place, should never send them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OidcIdentity, OidcProvider } from "../../../src/core/identity/oidc.ts";
import { id } from "../../../src/core/units.ts";
import { OpenIdProviders } from "../../../src/stores/oidc/openid-providers.ts";

const CLIENT = "sallyport";
const SECRET = "a client secret that is long enough for HS256 as well";
const REDIRECT = "http://127.0.0.1:4101/core/v1/login/oidc/custom/callback";
const CHECKS = { state: "a-state", nonce: "a-nonce", verifier: "v".repeat(43) };

let issuer = "";
let idToken = "";
const published = await generateKeyPair("RS256");
const another = await generateKeyPair("RS256");
const jwk = { ...(await exportJWK(published.publicKey)), kid: "one", alg: "RS256" };

const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  const path = request.url ?? "";
  const answers: Readonly<Record<string, object>> = {
    "/.well-known/openid-configuration": {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    },
    "/jwks": { keys: [jwk] },
    "/token": { access_token: "t", token_type: "bearer", id_token: idToken },
  };
  response.end(JSON.stringify(answers[path] ?? {}));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function logIn(): Promise<OidcIdentity> {
  const provider: OidcProvider = {
    name: "custom",
    displayName: "Custom",
    issuer,
    clientId: CLIENT,
    clientSecret: async () => SECRET,
    scopes: ["openid"],
    allowedDomains: [],
    roles: new Map(),
    rolesClaim: "groups",
    defaultRole: "viewer",
    tenant: id("default"),
  };
  const answer = new URL(`${REDIRECT}?state=${CHECKS.state}&code=c`);
  return new OpenIdProviders([provider]).identityOf(provider, answer, CHECKS);
}

function claims(more: Readonly<Record<string, unknown>> = {}): JWTPayload {
  const iat = Math.floor(Date.now() / 1000);
  const own = { iss: issuer, aud: CLIENT, sub: "ann", nonce: CHECKS.nonce, iat, exp: iat + 600 };
  return { ...own, ...more };
}

function signed(payload: JWTPayload, key = published.privateKey, kid = "one"): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid }).sign(key);
}

describe("an ID token", () => {
  it("says who somebody is where all of it fits", async () => {
    idToken = await signed(claims({ email: "ann@example.com", groups: ["ops"] }));
    expect(await logIn()).toMatchObject({ subject: "ann", groups: ["ops"] });
  });

  const hourAgo = (): number => Math.floor(Date.now() / 1000) - 3_600;
  it.each<[string, () => string | Promise<string>]>([
    ["of another issuer", () => signed(claims({ iss: "https://idp.example.com" }))],
    ["for another audience", () => signed(claims({ aud: "another-app" }))],
    ["for several, of which another asked", () => signed(claims({ aud: [CLIENT, "b"], azp: "b" }))],
    ["of another login", () => signed(claims({ nonce: "another" }))],
    ["of no login", () => signed(claims({ nonce: undefined }))],
    ["that has run out", () => signed(claims({ iat: hourAgo() - 60, exp: hourAgo() }))],
    ["that never runs out", () => signed(claims({ exp: undefined }))],
    ["of nobody", () => signed(claims({ sub: undefined }))],
    ["signed by another key", () => signed(claims(), another.privateKey)],
    ["of a key that is not published", () => signed(claims(), another.privateKey, "two")],
    ["without a signature", () => new UnsecuredJWT(claims()).encode()],
    [
      "signed by the client's own secret",
      () => new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(SECRET)),
    ],
    ["that is none", () => "not.a.token"],
  ])("%s is nobody's", async (_, make) => {
    idToken = await make();
    await expect(logIn()).rejects.toMatchObject({ kind: "refused" });
  });
});
