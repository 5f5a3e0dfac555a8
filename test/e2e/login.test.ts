/** People who come by an OpenID provider, at the program as it is started. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  logInAt,
  startLoginProvider,
} from "../support/login-provider.ts";
import { startSallyport } from "../support/sallyport-process.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- documents of any shape
async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<any> {
  return (await fetch(url, { headers })).json();
}

it("a person of an allowed domain logs in and is somebody", async () => {
  await using stack = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "sallyport-login-"));
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const secretFile = join(directory, "client-secret");
  writeFileSync(secretFile, `${CLIENT_SECRET}\n`);
  // What the provider has registered is the address that people use, not the one listened on.
  const publicUrl = `http://localhost:${await freePort()}/sallyport`;
  const redirect = `${publicUrl}/core/v1/login/oidc/okta/callback`;
  const idp = stack.use(await startLoginProvider([redirect]));
  idp.people.set("ann", { email: "ann@example.com", email_verified: true });
  const gate = stack.use(
    await startSallyport({
      config:
        `login:\n  public_url: ${publicUrl}\n  providers:\n` +
        `    - name: okta\n      issuer: ${idp.issuer}\n      client_id: ${CLIENT_ID}\n` +
        `      client_secret_file: ${secretFile}\n      allowed_domains: [example.com]\n`,
      policies: {},
    }),
  );
  const api = `${gate.manageUrl}/core/v1`;
  const begun = await get(`${api}/login/oidc/okta`);
  const answer = await logInAt(begun.authorization_url, "ann");
  expect(answer.href.startsWith(redirect)).toBe(true);
  const { session } = await get(`${api}/login/oidc/okta/callback${answer.search}`);
  const me = await get(`${api}/me`, { authorization: `Bearer ${session}` });
  expect(me).toMatchObject({ kind: "login", name: "ann@example.com" });
  const shown = await get(`${api}/login/oidc`);
  expect(shown.items).toEqual([{ name: "okta", display_name: "Okta" }]);
  expect(gate.output()).not.toContain(CLIENT_SECRET);
});
