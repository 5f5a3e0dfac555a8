/** Logins at a real OpenID provider, through the API. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OidcProvider } from "../../../src/core/identity/oidc.ts";
import { id } from "../../../src/core/units.ts";
import { OpenIdProviders } from "../../../src/stores/oidc/openid-providers.ts";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  logInAt,
  startLoginProvider,
  type LoginProvider,
} from "../../support/login-provider.ts";
import {
  openNativeFixture,
  PUBLIC_URL,
  type Asked,
  type NativeFixture,
} from "../../support/native-api.ts";

const PATH = "/core/v1/login/oidc/custom";

let idp: LoginProvider;
beforeAll(async () => {
  idp = await startLoginProvider([`${PUBLIC_URL}${PATH}/callback`]);
});
afterAll(() => idp[Symbol.asyncDispose]());

function providing(more: Partial<OidcProvider> = {}): Promise<NativeFixture> {
  const provider: OidcProvider = {
    name: "custom",
    displayName: "Custom",
    issuer: idp.issuer,
    clientId: CLIENT_ID,
    clientSecret: async () => CLIENT_SECRET,
    scopes: ["openid", "email", "profile"],
    allowedDomains: ["example.com"],
    roles: new Map(),
    rolesClaim: "groups",
    defaultRole: "viewer",
    tenant: id("default"),
    ...more,
  };
  return openNativeFixture(new OpenIdProviders([provider]));
}

interface Begun {
  readonly url: string;
  readonly cookie: string;
}

async function begin(fixture: NativeFixture, browser = true): Promise<Begun> {
  const headers = browser ? { accept: "text/html,*/*" } : { accept: "application/json" };
  const reply = await fixture.ask("GET", PATH, { key: undefined, headers });
  expect(reply.status, reply.text).toBe(browser ? 302 : 200);
  const url = browser ? String(reply.headers["location"]) : reply.json.authorization_url;
  const cookie = cookieIn(reply);
  return { url, cookie };
}

/** As a browser sends it back; empty where none was set. */
function cookieIn({ headers }: Asked): string {
  const set = headers["set-cookie"];
  return typeof set === "string" ? (set.split(";", 1)[0] ?? "") : "";
}

function finish(fixture: NativeFixture, answer: URL, cookie: string): Promise<Asked> {
  const headers = cookie === "" ? {} : { cookie };
  return fixture.ask("GET", answer.pathname + answer.search, { key: undefined, headers });
}

async function logIn(fixture: NativeFixture, login: string): Promise<Asked> {
  const { url, cookie } = await begin(fixture);
  return finish(fixture, await logInAt(url, login), cookie);
}

const ANN = { email: "Ann@Example.com", email_verified: true, name: "Ann Smith" };

describe("a login by OpenID", () => {
  it("lets a person of an allowed domain in, the same one each time, on the ledger", async () => {
    idp.people.set("ann", ANN);
    await using fixture = await providing();
    const first = await logIn(fixture, "ann");
    expect(first.json).toMatchObject({ username: "ann@example.com", role: "viewer" });
    const { session: key } = first.json;
    const me = await fixture.ask("GET", "/core/v1/me", { key });
    expect(me.json).toMatchObject({ kind: "login", name: "ann@example.com" });
    const again = await logIn(fixture, "ann");
    const users = (await fixture.ask("GET", "/core/v1/users")).json.items;
    expect(users).toMatchObject([{ full_name: "Ann Smith", has_password: false }]);
    expect(again.json.session).not.toBe(key);
    const changes = (await fixture.changes()).map(({ record }) => record);
    expect(changes).toMatchObject([
      { change: "tenant.begun" },
      { change: "user.created", by: "oidc:custom", detail: { role: "viewer" } },
      { change: "user.logged_in", detail: { by: "oidc:custom" } },
      { change: "user.logged_in", detail: { by: "oidc:custom" } },
    ]);
  });

  it("uses PKCE, a state and a nonce, and answers with nothing to keep in caches", async () => {
    await using fixture = await providing();
    const asked = new URL((await begin(fixture)).url).searchParams;
    expect(asked.get("code_challenge_method")).toBe("S256");
    for (const name of ["code_challenge", "state", "nonce"]) {
      expect(asked.get(name)).toMatch(/^[\w-]{43}$/);
    }
    expect(asked.get("redirect_uri")).toBe(`${PUBLIC_URL}${PATH}/callback`);
    const done = await logIn(fixture, "ann");
    expect(done.headers["cache-control"]).toBe("no-store");
  });

  it("is good once, in its own browser, with its own state, for ten minutes", async () => {
    await using fixture = await providing();
    const { url, cookie } = await begin(fixture);
    const answer = await logInAt(url, "ann");
    expect((await finish(fixture, answer, "")).status).toBe(403);
    expect((await finish(fixture, answer, "sallyport_oidc=stolen")).status).toBe(403);
    const forged = new URL(answer);
    forged.searchParams.set("state", "another");
    expect((await finish(fixture, forged, cookie)).status).toBe(400);
    expect((await finish(fixture, answer, cookie)).status).toBe(200);
    expect((await finish(fixture, answer, cookie)).status).toBe(400);
    const late = await begin(fixture);
    const lateAnswer = await logInAt(late.url, "ann");
    fixture.clock.now += 600_000;
    expect((await finish(fixture, lateAnswer, late.cookie)).status).toBe(400);
  });

  it("takes no code that was made for another login", async () => {
    await using fixture = await providing();
    const [mine, hers] = [await begin(fixture), await begin(fixture)];
    const swapped = await logInAt(mine.url, "ann");
    const other = await logInAt(hers.url, "ann");
    swapped.searchParams.set("code", other.searchParams.get("code") ?? "");
    const refused = await finish(fixture, swapped, mine.cookie);
    expect(refused.json).toMatchObject({ status: 401, code: "unauthenticated" });
  });

  it("tells programs the address, and ends wherever they take the answer", async () => {
    await using fixture = await providing();
    const { url, cookie } = await begin(fixture, false);
    expect(cookie).toBe("");
    expect((await finish(fixture, await logInAt(url, "ann"), "")).status).toBe(200);
  });

  it.each([
    ["of another domain", { email: "eve@evil.com", email_verified: true }],
    ["of a domain that only looks like it", { email: "eve@example.com.evil.com" }],
    ["whose address is not verified", { email: "eve@example.com", email_verified: false }],
  ])("lets nobody in %s", async (_, person) => {
    idp.people.set("eve", { email_verified: true, ...person });
    await using fixture = await providing();
    expect((await logIn(fixture, "eve")).status).toBe(403);
    expect((await fixture.ask("GET", "/core/v1/users")).json.items).toEqual([]);
  });

  it("lets nobody new in where neither domains nor roles say who", async () => {
    await using fixture = await providing({ allowedDomains: [] });
    expect((await logIn(fixture, "ann")).status).toBe(403);
  });

  it("gives the highest role that the mapping has, and takes it back with the group", async () => {
    const roles = new Map([
      ["ops", "admin"],
      ["staff", "auditor"],
    ] as const);
    await using fixture = await providing({ roles, allowedDomains: [] });
    idp.people.set("bob", { ...ANN, email: "bob@example.com", groups: ["staff", "ops"] });
    expect((await logIn(fixture, "bob")).json).toMatchObject({ role: "admin" });
    idp.people.set("bob", { ...ANN, email: "bob@example.com", groups: ["staff"] });
    expect((await logIn(fixture, "bob")).json).toMatchObject({ role: "auditor" });
    idp.people.set("bob", { ...ANN, email: "bob@example.com", groups: [] });
    expect((await logIn(fixture, "bob")).status).toBe(403);
  });

  it("never takes over a user of the same name, nor lets one in who is not active", async () => {
    await using fixture = await providing();
    const body = { username: "x", email: "x@example.com", role: "admin" };
    const made = await fixture.ask("POST", "/core/v1/users", { body });
    const { ports } = fixture;
    const user = await ports.store.get("user", made.json.id);
    if (user === undefined) throw new Error("no user");
    const named = { ...user, body: { ...user.body, username: "ann@example.com" } };
    await ports.store.write({ kind: "put", entry: named, expect: "any" });
    expect((await logIn(fixture, "ann")).status).toBe(409);
    idp.people.set("cat", { ...ANN, email: "cat@example.com" });
    expect((await logIn(fixture, "cat")).status).toBe(200);
    const cat = await ports.store.byName("user", "cat@example.com");
    await fixture.ask("PATCH", `/core/v1/users/${cat?.id}`, {
      body: { active: false },
      headers: { "if-match": "*" },
    });
    expect((await logIn(fixture, "cat")).status).toBe(403);
  });

  it("is unavailable where the provider is, and says so", async () => {
    await using fixture = await providing({ issuer: "http://127.0.0.1:9" });
    const refused = await fixture.ask("GET", PATH, { key: undefined });
    expect(refused.json).toMatchObject({ status: 503, code: "unavailable" });
    const unknown = await fixture.ask("GET", "/core/v1/login/oidc/other", { key: undefined });
    expect(unknown.status).toBe(404);
  });
});

describe("a linked account", () => {
  it("is another way in for the same user, until it is unlinked", async () => {
    await using fixture = await providing({ allowedDomains: [] });
    const password = "MyStr0ng!Pass#2024";
    const alice = { username: "alice", email: "alice@example.com", role: "auditor", password };
    await fixture.ask("POST", "/core/v1/users", { body: alice });
    const { session: key } = (
      await fixture.ask("POST", "/core/v1/login", { body: { username: "alice", password } })
    ).json;
    const linking = await fixture.ask("POST", "/core/v1/me/links/custom", { key });
    const cookie = cookieIn(linking);
    const answer = await logInAt(linking.json.authorization_url, "ann");
    expect((await finish(fixture, answer, "")).status).toBe(403);
    expect((await finish(fixture, answer, cookie)).status).toBe(204);
    expect((await logIn(fixture, "ann")).json).toMatchObject({ username: "alice" });
    const links = await fixture.ask("GET", "/core/v1/me/links", { key });
    expect(links.json.items).toMatchObject([{ provider: "custom", email: ANN.email }]);
    const unlinked = await fixture.ask("DELETE", "/core/v1/me/links/custom", { key });
    expect(unlinked.status).toBe(204);
    expect((await logIn(fixture, "ann")).status).toBe(403);
  });

  it("stays where it is the only way in", async () => {
    await using fixture = await providing();
    const { session: key } = (await logIn(fixture, "ann")).json;
    const refused = await fixture.ask("DELETE", "/core/v1/me/links/custom", { key });
    expect(refused.status).toBe(409);
  });
});
