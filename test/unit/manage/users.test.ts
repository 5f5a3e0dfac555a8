import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PASSWORD_POLICY, passwordProblems } from "../../../src/core/identity/password-policy.ts";
import {
  FAILED_LOGINS_MAX,
  LOCKED_FOR_MS,
  LOGIN_TTL_MS,
  TRIES_MAX,
} from "../../../src/core/identity/login-limits.ts";
import { openNativeFixture, PROXY, type NativeFixture } from "../../support/native-api.ts";

const PASSWORD = "MyStr0ng!Pass#2024";
const ALICE = {
  username: "alice",
  email: "alice@example.com",
  role: "auditor",
  password: PASSWORD,
};

async function withAlice(): Promise<NativeFixture & { readonly aliceId: string }> {
  const fixture = await openNativeFixture();
  const made = await fixture.ask("POST", "/core/v1/users", { body: ALICE });
  expect(made.status).toBe(201);
  return { ...fixture, aliceId: made.json.id };
}

function logIn(fixture: NativeFixture, password: string, username = "alice") {
  const body = { username, password };
  return fixture.ask("POST", "/core/v1/login", { body, key: undefined });
}

describe("people", () => {
  it("log in with their password and do what their role may", async () => {
    await using fixture = await withAlice();
    const login = await logIn(fixture, PASSWORD);
    expect(login.status).toBe(200);
    expect(login.json).toMatchObject({ username: "alice", role: "auditor" });
    const key = login.json.session;
    const me = await fixture.ask("GET", "/core/v1/me", { key });
    expect(me.json).toMatchObject({ kind: "login", name: "alice", role: "auditor" });
    expect((await fixture.ask("GET", "/core/v1/users", { key })).status).toBe(200);
    const other = { ...ALICE, username: "eve" };
    expect((await fixture.ask("POST", "/core/v1/users", { key, body: other })).status).toBe(403);
  });

  it("leave no password and no session behind, neither in the directory nor on the ledger", async () => {
    await using fixture = await withAlice();
    const { session } = (await logIn(fixture, PASSWORD)).json;
    await logIn(fixture, "Wr0ng!Password#99");
    const stored = [
      await fixture.ports.store.get("user", fixture.aliceId),
      await fixture.ports.store.list("login", { tenant: ALICE_TENANT, limit: 10 }),
      await fixture.changes(),
    ];
    const text = JSON.stringify(stored);
    expect(text).toContain("$argon2id$v=19$m=19456,t=2,p=1$");
    for (const secret of [PASSWORD, session, "Wr0ng"]) expect(text).not.toContain(secret);
  });

  it("are out again when they say so, when time is up, and when they are no longer active", async () => {
    await using fixture = await withAlice();
    const me = (key: string) => fixture.ask("GET", "/core/v1/me", { key });
    const first = (await logIn(fixture, PASSWORD)).json.session;
    expect((await fixture.ask("POST", "/core/v1/logout", { key: first })).json.logged_out).toBe(
      true,
    );
    expect((await me(first)).status).toBe(401);
    const second = (await logIn(fixture, PASSWORD)).json.session;
    fixture.clock.now += LOGIN_TTL_MS;
    expect((await me(second)).status).toBe(401);
    const third = (await logIn(fixture, PASSWORD)).json.session;
    const headers = { "if-match": "*" };
    const path = `/core/v1/users/${fixture.aliceId}`;
    await fixture.ask("PATCH", path, { body: { active: false }, headers });
    expect((await me(third)).status).toBe(401);
    expect((await logIn(fixture, PASSWORD)).status).toBe(401);
  });

  it("are locked out after too many wrong passwords, for a while", async () => {
    await using fixture = await withAlice();
    for (let tries = 1; tries < FAILED_LOGINS_MAX; tries += 1) {
      expect((await logIn(fixture, "Wr0ng!Password#99")).status).toBe(401);
    }
    const locked = await logIn(fixture, "Wr0ng!Password#99");
    expect(locked.status).toBe(423);
    expect(locked.json.detail).toBe("Account locked until 2026-11-21T06:15:00.000Z");
    expect(locked.headers["retry-after"]).toBe(String(LOCKED_FOR_MS / 1000));
    expect((await logIn(fixture, PASSWORD)).status).toBe(423);
    fixture.clock.now += LOCKED_FOR_MS;
    expect((await logIn(fixture, PASSWORD)).status).toBe(200);
    const changes = (await fixture.changes()).map(({ record }) => record);
    expect(changes).toContainEqual(expect.objectContaining({ change: "user.locked" }));
  });

  it("count every wrong password, also those that come at once", async () => {
    await using fixture = await withAlice();
    const tries = Array.from({ length: FAILED_LOGINS_MAX }, () => logIn(fixture, "Wr0ng!Pass#99"));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 423)).toHaveLength(1);
    expect((await logIn(fixture, PASSWORD)).status).toBe(423);
  });

  it("come in as often as they like at once, each with a login of its own", async () => {
    await using fixture = await withAlice();
    const logins = await Promise.all(Array.from({ length: 5 }, () => logIn(fixture, PASSWORD)));
    expect(logins.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(new Set(logins.map(({ json }) => json.session)).size).toBe(5);
  });

  it("are not in by a password that is replaced while it is looked at", async () => {
    await using fixture = await withAlice();
    const change = fixture.ask("PATCH", `/core/v1/users/${fixture.aliceId}`, {
      body: { password: "An0ther!Pass#2026" },
      headers: { "if-match": "*" },
    });
    const tried = await Promise.all(Array.from({ length: 4 }, () => logIn(fixture, PASSWORD)));
    expect((await change).status).toBe(200);
    for (const { json } of tried) {
      const me = await fixture.ask("GET", "/core/v1/me", { key: json.session ?? "sess_none" });
      expect(me.status).toBe(401);
    }
  });

  it("are counted by their own addresses behind a trusted proxy, and by no word of theirs", async () => {
    await using fixture = await openNativeFixture();
    const body = { username: "nobody", password: "x" };
    const tryFrom = async (from: string, forwarded: string): Promise<number> => {
      const headers = { "x-forwarded-for": forwarded };
      const options = { key: undefined, body, headers, from };
      return (await fixture.ask("POST", "/core/v1/login", options)).status;
    };
    const own = "203.0.113.5";
    // What they say for themselves stands before what the proxy has seen.
    for (let n = 0; n < TRIES_MAX; n += 1)
      expect(await tryFrom(PROXY, `10.0.0.${n}, ${own}`)).toBe(401);
    expect(await tryFrom(PROXY, own)).toBe(429);
    expect(await tryFrom(PROXY, `${own}, 198.51.100.9`)).toBe(429);
    expect(await tryFrom(PROXY, "203.0.113.6")).toBe(401);
    for (let n = 0; n < TRIES_MAX; n += 1) await tryFrom("203.0.113.7", `10.0.0.${n}`);
    expect(await tryFrom("203.0.113.7", "10.0.1.1")).toBe(429);
  });

  it("may try only so often from one address", async () => {
    await using fixture = await openNativeFixture();
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      expect((await logIn(fixture, "x", "nobody")).status).toBe(401);
    }
    const refused = await logIn(fixture, "x", "nobody");
    expect(refused.status).toBe(429);
    expect(refused.headers["retry-after"]).toBe("60");
  });

  it("keep what others changed meanwhile, also from who did not look", async () => {
    await using fixture = await withAlice();
    const path = `/core/v1/users/${fixture.aliceId}`;
    const edit = (body: object) =>
      fixture.ask("PATCH", path, { body, headers: { "if-match": "*" } });
    const edits = [edit({ role: "viewer" }), edit({ full_name: "Alice A." })];
    expect((await Promise.all(edits)).map(({ status }) => status)).toEqual([200, 200]);
    const { json } = await fixture.ask("GET", path);
    expect(json).toMatchObject({ role: "viewer", full_name: "Alice A." });
  });

  it("are edited by one at a time", async () => {
    await using fixture = await withAlice();
    const path = `/core/v1/users/${fixture.aliceId}`;
    const { headers } = await fixture.ask("GET", path);
    const etag = { "if-match": String(headers["etag"]) };
    const body = { role: "viewer" };
    expect((await fixture.ask("PATCH", path, { body })).status).toBe(428);
    expect((await fixture.ask("PATCH", path, { body, headers: etag })).status).toBe(200);
    expect((await fixture.ask("PATCH", path, { body, headers: etag })).status).toBe(412);
  });

  it("are no administrators by a key with scopes, nor is the password of one theirs to set", async () => {
    await using fixture = await openNativeFixture();
    const scoped = { name: "provisioning", role: "admin", scopes: ["users:write"] };
    const { key } = (await fixture.ask("POST", "/core/v1/keys", { body: scoped })).json;
    const person = { email: "x@example.org", password: "Correct-Horse-9" };
    const make = (username: string, role: string, by: object = { key }) =>
      fixture.ask("POST", "/core/v1/users", { ...by, body: { ...person, username, role } });
    expect((await make("eve", "admin")).status).toBe(403);
    const viewer = await make("vic", "viewer");
    const boss = await make("ann", "admin", {});
    expect([viewer.status, boss.status]).toEqual([201, 201]);
    const change = (who: { json: { id: string } }, body: object) =>
      fixture.ask("PATCH", `/core/v1/users/${who.json.id}`, {
        key,
        body,
        headers: { "if-match": "*" },
      });
    expect((await change(viewer, { role: "admin" })).status).toBe(403);
    expect((await change(boss, { password: "Another-Horse-9" })).status).toBe(403);
    expect((await change(viewer, { role: "auditor" })).status).toBe(200);
  });

  it("share no name, however it is written", async () => {
    await using fixture = await withAlice();
    const body = { ...ALICE, username: "Alice" };
    expect((await fixture.ask("POST", "/core/v1/users", { body })).status).toBe(409);
  });
});

const ALICE_TENANT = "default" as never;

describe("a password", () => {
  it.each([
    ["Short1!", "at least 12 characters"],
    ["alllowercase1!", "an upper-case letter"],
    ["ALLUPPERCASE1!", "a lower-case letter"],
    ["NoDigitsHere!!", "a digit"],
    ["NoSpecials2024", "a special character"],
    ["Has1234Inside!", "no sequence such as abcd or 4321"],
    ["Has-dcba-Back1", "no sequence such as abcd or 4321"],
    ["P@ssw0rd#2029!", "no common password, and not the user's name"],
    ["Bobby-Tables#1", "no common password, and not the user's name"],
  ])("%s is told what it needs", (password, problem) => {
    expect(passwordProblems(password, "bobby")).toContain(problem);
  });

  it.each(["MyStr0ng!Pass#2024", "Str0ng!Pass#2024", "Ünïcode-Wörter 7!"])(
    "%s may be used",
    (password) => {
      expect(passwordProblems(password, "bob")).toEqual([]);
    },
  );

  it("of any text is judged without failing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.string(), (password, name) => {
        passwordProblems(password, name);
      }),
    );
  });

  it("keeps to what is published", async () => {
    await using fixture = await openNativeFixture();
    const policy = await fixture.ask("GET", "/core/v1/password-policy", { key: undefined });
    expect(policy.json).toEqual(PASSWORD_POLICY);
    const body = { ...ALICE, password: "tooweak" };
    const refused = await fixture.ask("POST", "/core/v1/users", { body });
    expect(refused.json.errors[0].pointer).toBe("/password");
  });
});

describe("people who leave, or change their password", () => {
  it("are out everywhere, and their keys end with them", async () => {
    await using fixture = await withAlice();
    const logIn = async (password = PASSWORD): Promise<string> => {
      const body = { username: "alice", password };
      return (await fixture.ask("POST", "/core/v1/login", { key: undefined, body })).json.session;
    };
    const isIn = async (key: string): Promise<boolean> =>
      (await fixture.ask("GET", "/core/v1/me", { key })).status === 200;
    const path = `/core/v1/users/${fixture.aliceId}`;
    const headers = { "if-match": "*" };
    const wish = { name: "hers", user: fixture.aliceId, role: "viewer" };
    const made = (await fixture.ask("POST", "/core/v1/keys", { body: wish })).json;
    const before = await logIn();
    const next = "An0ther!Pass#2026";
    await fixture.ask("PATCH", path, { body: { password: next }, headers });
    expect(await isIn(before)).toBe(false);
    expect(await isIn(made.key)).toBe(true);
    const after = await logIn(next);
    await fixture.ask("PATCH", path, { body: { active: false }, headers });
    expect(await isIn(after)).toBe(false);
    expect(await isIn(made.key)).toBe(false);
    const shown = await fixture.ask("GET", `/core/v1/keys/${made.id}`);
    expect(shown.json.revoked_at).toBeDefined();
  });
});
