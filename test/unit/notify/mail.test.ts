import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { mailProblem, openCouriers } from "../../../src/app/observe/notification-couriers.ts";
import { renderMail } from "../../../src/core/notify/render-notification.ts";
import { lentTo, NOBODYS, type SecretTerms } from "../../../src/core/secret/secret-terms.ts";
import { BINDING } from "../secret/vault-place.ts";
import { id, instant, type SecretName, type TenantId } from "../../../src/core/units.ts";
import { GATE, HOUSE_CA } from "../../support/certificates.ts";
import { freePort } from "../../support/free-port.ts";
import { openMailServer, type MailServer } from "../../support/mail-server.ts";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";

const PASSWORD = "canary-mail-password";

let fixture: NativeFixture;
let server: MailServer;

beforeEach(async () => {
  fixture = await openNativeFixture();
  server = await openMailServer(PASSWORD);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await fixture[Symbol.asyncDispose]();
});

interface Place {
  readonly port: number;
  readonly caFile?: string | undefined;
}

function couriers(passwordRef: string, requireTls = false, { port, caFile }: Place = server) {
  const smtp = { url: `smtp://gate@127.0.0.1:${port}`, from: "gate@example.org" };
  const settings = { allowPrivate: false, smtp: { ...smtp, passwordRef, requireTls, caFile } };
  return openCouriers(settings, fixture.subscriptions.secrets);
}

const MESSAGE = renderMail({
  id: "ntf_1",
  at: instant(0),
  tenant: id("default"),
  event: "anomaly",
  subject: "agent:bot\r\nBcc: evil@example.org",
  summary: "The agent bot behaves unusually: loop.",
  data: { agent: "bot" },
});

async function storePassword(value: string, terms: SecretTerms = NOBODYS): Promise<void> {
  const place = { tenant: id<TenantId>("default"), name: id<SecretName>("smtp"), at: instant(0) };
  const change = { kind: "store", value, terms, mustBe: "any" } as const;
  await fixture.subscriptions.secrets.change({ ...place, expect: "any" }, change);
}

it("is sent with the password of the vault, and no value becomes a header", async () => {
  await storePassword(PASSWORD);
  await using mail = couriers("vault://smtp");
  expect(await mail.mail("ops@example.org", MESSAGE)).toEqual({
    status: undefined,
    error: undefined,
  });
  const [sent = ""] = server.mails;
  const [head = "", body = ""] = sent.split("\r\n\r\n", 2);
  expect(head).toContain("To: ops@example.org");
  expect(head).not.toMatch(/^Bcc:/m);
  expect(body).toContain("The agent bot behaves unusually: loop.");
});

it("that fails says how, without the server's words or the password", async () => {
  await storePassword("wrong-canary-password");
  await using mail = couriers("vault://smtp");
  const refused = await mail.mail("ops@example.org", MESSAGE);
  expect(refused.error).toBe(
    "the mail server could not be used: it refuses the user or the password (EAUTH, 535)",
  );
  await storePassword(PASSWORD);
  server.refuse(`no ${PASSWORD}`);
  const rejected = await mail.mail("ops@example.org", MESSAGE);
  expect(rejected.error).toBe(
    "the mail server could not be used: it refuses the message (EMESSAGE, 450)",
  );
});

it("is sent with a password until that is taken back", async () => {
  await storePassword(PASSWORD);
  await using mail = couriers("vault://smtp");
  expect(await mail.mail("ops@example.org", MESSAGE)).toMatchObject({ error: undefined });
  await storePassword("another-password");
  expect((await mail.mail("ops@example.org", MESSAGE)).error).toContain("EAUTH");
});

it("does not go out in clear unless the operator said so", async () => {
  await storePassword(PASSWORD);
  await using mail = couriers("vault://smtp", true);
  expect((await mail.mail("ops@example.org", MESSAGE)).error).toContain("ETLS");
  expect(server.mails).toEqual([]);
});

it("goes through STARTTLS by a certificate of one's own authority, and by no other", async () => {
  await using secure = await openMailServer(PASSWORD, GATE);
  await storePassword(PASSWORD);
  const caFile = join(fixture.directory, "ca.pem");
  writeFileSync(caFile, HOUSE_CA);
  await using trusting = couriers("vault://smtp", true, { port: secure.port, caFile });
  expect(await trusting.mail("ops@example.org", MESSAGE)).toMatchObject({ error: undefined });
  expect(secure.mails).toHaveLength(1);
  await using usual = couriers("vault://smtp", true, secure);
  expect((await usual.mail("ops@example.org", MESSAGE)).error).toContain("set smtp.ca_file");
  expect(secure.mails).toHaveLength(1);
});

it("says why a server was not reached, or not asked", async () => {
  await storePassword(PASSWORD, lentTo(BINDING));
  await using away = couriers("vault://none", false, { port: await freePort() });
  expect(await away.mail("ops@example.org", MESSAGE)).toMatchObject({
    error: "the mail server was not asked: there is no vault://none",
  });
  await using bound = couriers("vault://smtp");
  expect(await bound.mail("ops@example.org", MESSAGE)).toMatchObject({
    error: "the mail server was not asked: vault://smtp is bound to https://api.openai.com",
  });
  await storePassword(PASSWORD);
  await using refused = couriers("vault://smtp", false, { port: await freePort() });
  expect(await refused.mail("ops@example.org", MESSAGE)).toMatchObject({
    error: "the mail server could not be used: nothing listens there (ESOCKET, ECONNREFUSED)",
  });
});

it("is what doctor tries, without sending any", async () => {
  await storePassword(PASSWORD);
  const { secrets } = fixture.subscriptions;
  const url = `smtp://gate@127.0.0.1:${server.port}`;
  const smtp = { url, from: "gate@example.org", requireTls: false, caFile: undefined };
  const asked = (passwordRef: string | undefined) =>
    mailProblem({ allowPrivate: false, smtp: { ...smtp, passwordRef } }, secrets);
  expect(await asked("vault://smtp")).toBeUndefined();
  await storePassword("another-password");
  expect(await asked("vault://smtp")).toContain("it refuses the user or the password");
  expect(server.mails).toEqual([]);
});
