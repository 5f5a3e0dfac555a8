import { afterEach, beforeEach, expect, it } from "vitest";
import { openCouriers } from "../../../src/app/observe/notification-couriers.ts";
import { renderMail } from "../../../src/core/notify/render-notification.ts";
import { NOBODYS } from "../../../src/core/secret/secret-terms.ts";
import { id, instant, type SecretName, type TenantId } from "../../../src/core/units.ts";
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

function couriers(passwordRef: string, requireTls = false) {
  const smtp = { url: `smtp://gate@127.0.0.1:${server.port}`, from: "gate@example.org" };
  const settings = { allowPrivate: false, smtp: { ...smtp, passwordRef, requireTls } };
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

async function storePassword(value: string): Promise<void> {
  const place = { tenant: id<TenantId>("default"), name: id<SecretName>("smtp"), at: instant(0) };
  const change = { kind: "store", value, terms: NOBODYS, mustBe: "any" } as const;
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
  expect(refused.error).toBe("the mail server could not be used (EAUTH)");
  // The next attempt reads the password anew.
  await storePassword(PASSWORD);
  server.refuse(`no ${PASSWORD}`);
  const rejected = await mail.mail("ops@example.org", MESSAGE);
  expect(rejected.error).toBe("the mail server could not be used (EMESSAGE)");
});

it("does not go out in clear unless the operator said so", async () => {
  await storePassword(PASSWORD);
  await using mail = couriers("vault://smtp", true);
  expect((await mail.mail("ops@example.org", MESSAGE)).error).toContain("ETLS");
  expect(server.mails).toEqual([]);
});
