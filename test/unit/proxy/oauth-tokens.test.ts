/** Whose a token is: upstreams of tenants come and go, and their names are given anew. */
import { describe, expect, it } from "vitest";
import type { OAuthGrant } from "../../../src/core/secret/oauth-grant.ts";
import type { Vault } from "../../../src/core/secret/vault.ts";
import { id, type TenantId } from "../../../src/core/units.ts";
import type { CredentialRef, Upstream } from "../../../src/core/upstream.ts";
import { pass } from "../../../src/core/verdict.ts";
import { OAuthTokens } from "../../../src/proxy/oauth/oauth-tokens.ts";
import { UPSTREAM } from "../app/closed-facts.ts";

const REF: CredentialRef = {
  ref: "vault://client",
  name: id("client"),
  header: "authorization",
  format: "Bearer {}",
  paths: [],
  methods: [],
};

const ISSUER: Upstream = { ...UPSTREAM, origin: "https://issuer.example", credential: REF };

const GRANT: OAuthGrant = {
  kind: "client_credentials",
  issuer: ISSUER,
  tokenPath: "/token",
  clientId: "gate",
  clientAuth: "post",
  audienceOfClient: "https://issuer.example",
  refresher: undefined,
  scope: undefined,
  resource: undefined,
  audience: undefined,
};

const lent = { header: "authorization", value: "the secret", sign: undefined };
const vault: Vault = { credentialFor: () => pass({ ...lent, label: "client@1", echoes: [] }) };

/** Gives a new token, and a new refresh token, to whoever asks; keeps what it was asked with. */
function issuing() {
  const asked: URLSearchParams[] = [];
  const tokens = new OAuthTokens(vault, async (_issuer, _path, { body }) => {
    const n = asked.push(new URLSearchParams(body));
    const answer = {
      access_token: `access-token-${n}`,
      refresh_token: `refresh-token-${n}`,
      expires_in: 3600,
    };
    return { status: 200, text: JSON.stringify({ token_type: "Bearer", ...answer }) };
  });
  return { asked, tokens };
}

const owned = (tenant: TenantId, origin = "https://crm.example"): Upstream => {
  return { ...UPSTREAM, tenant, origin, credential: REF };
};
const ANN: TenantId = id("ann");
const BOB: TenantId = id("bob");

async function tokenFor(tokens: OAuthTokens, upstream: Upstream, grant = GRANT): Promise<string> {
  const got = await tokens.credentialFor(upstream, REF, grant, undefined);
  return got.kind === "pass" ? got.value.value : got.refusal.code;
}

describe("an access token", () => {
  it("is kept for its upstream, also when that is read anew", async () => {
    const { asked, tokens } = issuing();
    expect(await tokenFor(tokens, owned(ANN))).toBe("Bearer access-token-1");
    expect(await tokenFor(tokens, owned(ANN))).toBe("Bearer access-token-1");
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["another tenant registers the name", owned(BOB), GRANT],
    ["the name leads elsewhere", owned(ANN, "https://evil.example"), GRANT],
    ["it is for another audience", owned(ANN), { ...GRANT, audience: "other" }],
    ["another client asks", owned(ANN), { ...GRANT, clientId: "other" }],
    ["it is written otherwise", { ...owned(ANN), credential: { ...REF, format: "{}" } }, GRANT],
  ])("is nobody's any more where %s", async (_what, upstream, grant) => {
    const { asked, tokens } = issuing();
    await tokenFor(tokens, owned(ANN));
    expect(await tokenFor(tokens, upstream, grant)).toContain("access-token-2");
    expect(asked).toHaveLength(2);
  });
});

describe("a refresh token that the server has replaced", () => {
  const refreshing = { ...GRANT, kind: "refresh_token", refresher: ISSUER } as const;
  const refreshOf = (asked: readonly URLSearchParams[], at: number): string | null | undefined =>
    asked[at]?.get("refresh_token");

  it("is used by its upstream, and by no other that takes the name", async () => {
    const { asked, tokens } = issuing();
    await tokenFor(tokens, owned(ANN), refreshing);
    tokens.forget(owned(ANN), refreshing, undefined);
    await tokenFor(tokens, owned(ANN), refreshing);
    await tokenFor(tokens, owned(BOB), refreshing);
    const elsewhere = { ...ISSUER, origin: "https://evil.example" };
    await tokenFor(tokens, owned(ANN), { ...refreshing, issuer: elsewhere });
    expect([0, 1, 2, 3].map((at) => refreshOf(asked, at))).toEqual([
      "the secret",
      "refresh-token-1",
      "the secret",
      "the secret",
    ]);
  });
});
