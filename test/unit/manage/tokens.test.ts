import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { describe, expect, it } from "vitest";
import { createAccessIndex } from "../../../src/core/identity/access-index.ts";
import { isOwnToken } from "../../../src/core/identity/token-form.ts";
import { id, instant } from "../../../src/core/units.ts";
import { createTokenReader } from "../../../src/stores/tokens/token-reader.ts";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";

/** What a data plane knows of the fixture's signing keys. */
async function indexOf({ ports }: NativeFixture) {
  const index = createAccessIndex();
  const keys = await ports.store.list("signing_key", { tenant: id("default"), limit: 10 });
  index.apply(keys.map((key) => ({ ...key, kind: "signing_key" as const })));
  return index;
}

const refused = (why: string) => ({ kind: "refused", why });

interface Claims {
  readonly iss?: string;
  readonly aud?: string;
  readonly exp?: number | undefined;
  readonly nbf?: number;
}

const nobodyAway = (issuer: string): void => expect.fail(`${issuer} is away`);

describe("an execution token", () => {
  it("is known at sight, lasts 900 seconds, and leads to its session", async () => {
    await using fixture = await openNativeFixture();
    const body = { agent: "config-bot", scopes: ["execute"] };
    const { json } = await fixture.ask("POST", "/core/v1/execution-tokens", { body });
    expect(isOwnToken(json.token)).toBe(true);
    expect(json.expires_at).toBe("2026-11-21T06:15:00.000Z");
    const index = await indexOf(fixture);
    const reader = createTokenReader([], () => instant(fixture.clock.now), nobodyAway);
    expect(await reader.read(json.token, index)).toEqual({ kind: "session", session: json.jti });
    const forged = `${json.token.slice(0, -4)}AAAA`;
    expect(await reader.read(forged, index)).toEqual(refused("has a wrong signature"));
    fixture.clock.now += 900_000;
    expect(await reader.read(json.token, index)).toEqual(refused("has expired"));
  });

  it("says what it is for, and opens no more of the API than the run that it is", async () => {
    await using fixture = await openNativeFixture();
    const wish = { agent: "config-bot", credentials: ["stripe"], container: "c-1" };
    const body = { ...wish, spend_limit_usd: "2.5", token_limit: 1000 };
    const { token: key, jti } = (await fixture.ask("POST", "/core/v1/execution-tokens", { body }))
      .json;
    expect(decodeJwt(key)).toMatchObject({
      sub: "config-bot",
      credentials: ["stripe"],
      container: "c-1",
      budget_usd: "2.500000000",
      token_limit: 1000,
    });
    const me = await fixture.ask("GET", "/core/v1/me", { key });
    expect(me.json).toMatchObject({ kind: "token", id: jti, agent: "config-bot", role: "agent" });
    expect((await fixture.ask("GET", `/core/v1/sessions/${jti}`, { key })).status).toBe(200);
    const other = (
      await fixture.ask("POST", "/core/v1/sessions", { body: { agent: "config-bot" } })
    ).json.id;
    expect((await fixture.ask("GET", `/core/v1/sessions/${other}`, { key })).status).toBe(404);
    for (const path of ["/core/v1/sessions", "/core/v1/execution-tokens"]) {
      const widened = { agent: "config-bot", scopes: ["admin"] };
      expect((await fixture.ask("POST", path, { key, body: widened })).status).toBe(403);
    }
    await fixture.ask("DELETE", `/core/v1/sessions/${jti}`);
    expect((await fixture.ask("GET", "/core/v1/me", { key })).status).toBe(401);
  });

  it.each([59, 3_601, 1.5, "900"])("is not made for %s seconds", async (ttl) => {
    await using fixture = await openNativeFixture();
    const body = { agent: "config-bot", ttl_s: ttl };
    expect((await fixture.ask("POST", "/core/v1/execution-tokens", { body })).status).toBe(400);
  });

  it("is not for those who only look, nor is a session, or the end of one", async () => {
    await using fixture = await openNativeFixture();
    const body = { agent: "config-bot" };
    const { json: own } = await fixture.ask("POST", "/core/v1/sessions", { body });
    const asked = async (role: string) => {
      const wish = { body: { name: role, role } };
      const { key } = (await fixture.ask("POST", "/core/v1/keys", wish)).json;
      const made = [
        await fixture.ask("POST", "/core/v1/sessions", { key, body }),
        await fixture.ask("POST", "/core/v1/execution-tokens", { key, body }),
        await fixture.ask("DELETE", `/core/v1/sessions/${own.id}`, { key }),
      ];
      return made.map(({ status }) => status);
    };
    expect(await asked("viewer")).toEqual([403, 403, 403]);
    expect(await asked("auditor")).toEqual([403, 403, 403]);
    expect(await asked("compliance_officer")).toEqual([403, 403, 200]);
    expect(await asked("admin")).toEqual([201, 201, 200]);
  });

  it("is signed by a key whose public half alone is published", async () => {
    await using fixture = await openNativeFixture();
    await fixture.ask("POST", "/core/v1/execution-tokens", { body: { agent: "config-bot" } });
    const { json } = await fixture.ask("GET", "/core/v1/jwks", { key: undefined });
    expect(json.keys).toEqual([
      {
        kty: "OKP",
        crv: "Ed25519",
        x: expect.any(String),
        kid: expect.any(String),
        alg: "EdDSA",
        use: "sig",
      },
    ]);
    const known = await fixture.ask("GET", "/.well-known/jwks.json", { key: undefined });
    expect(known.json).toEqual(json);
    const [stored] = await fixture.ports.store.list("signing_key", {
      tenant: id("default"),
      limit: 1,
    });
    expect(JSON.stringify(stored)).not.toContain('"d"');
  });
});

describe("a token of another issuer", () => {
  const issuer = "https://cluster.example";
  const subject = "system:serviceaccount:support:bot";

  it("names its subject where issuer, audience, time and signature are right", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-jwks-"));
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwks = join(directory, "jwks.json");
    writeFileSync(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k" }] }));
    const now = 1_800_000_000;
    const reader = createTokenReader(
      [
        {
          issuer,
          audience: "sallyport",
          jwks,
          subjectPrefix: "",
          caFile: undefined,
          tokenFile: undefined,
          announced: false,
          scopes: [],
        },
      ],
      () => instant(now * 1000),
      nobodyAway,
    );
    const token = (claims: Claims) =>
      new SignJWT({
        iss: issuer,
        aud: "sallyport",
        sub: subject,
        exp: now + 60,
        ...claims,
      } as JWTPayload)
        .setProtectedHeader({ alg: "ES256", kid: "k" })
        .sign(privateKey);
    const index = createAccessIndex();
    expect(await reader.read(await token({}), index)).toEqual({ kind: "subject", subject });
    for (const [wrong, why] of [
      [{ iss: "https://evil.example" }, "is of an issuer that is not trusted here"],
      [{ aud: "other" }, "is for another audience than sallyport"],
      [{ exp: now - 60 }, "has expired"],
      [{ nbf: now + 60 }, "is not good yet: look at both clocks"],
      [{ exp: undefined }, "has no exp"],
    ] as const) {
      expect(await reader.read(await token(wrong), index)).toEqual(refused(why));
    }
    const other = await generateKeyPair("ES256");
    const forged = await new SignJWT({ iss: issuer, aud: "sallyport", sub: subject, exp: now + 60 })
      .setProtectedHeader({ alg: "ES256", kid: "k" })
      .sign(other.privateKey);
    expect(await reader.read(forged, index)).toEqual(refused("has a wrong signature"));
    rmSync(directory, { recursive: true });
  });
});
