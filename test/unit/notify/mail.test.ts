import { once } from "node:events";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openCouriers } from "../../../src/app/observe/notification-couriers.ts";
import { renderMail } from "../../../src/core/notify/render-notification.ts";
import { NOBODYS } from "../../../src/core/secret/secret-terms.ts";
import { id, instant, type SecretName, type TenantId } from "../../../src/core/units.ts";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";

const PASSWORD = "canary-mail-password";

let fixture: NativeFixture;
let server: SMTPServer;
let port = 0;
let mails: string[] = [];
let accepts = true;

beforeEach(async () => {
  fixture = await openNativeFixture();
  [mails, accepts] = [[], true];
  server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    onAuth: ({ username, password }, _session, done) =>
      username === "gate" && password === PASSWORD
        ? done(null, { user: username })
        : done(new Error(`wrong password ${String(password)}`)),
    onData: (stream, _session, done) => {
      let mail = "";
      stream.on("data", (chunk: Buffer) => void (mail += chunk.toString()));
      stream.once("end", () => {
        if (accepts) mails.push(mail);
        done(accepts ? null : new Error(`no ${PASSWORD}`));
      });
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const address = server.server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterEach(async () => {
  await new Promise<void>((done) => server.close(() => done()));
  await fixture[Symbol.asyncDispose]();
});

function couriers(passwordRef: string, requireTls = false) {
  const smtp = { url: `smtp://gate@127.0.0.1:${port}`, from: "gate@example.org" };
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
  const [sent = ""] = mails;
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
  accepts = false;
  const rejected = await mail.mail("ops@example.org", MESSAGE);
  expect(rejected.error).toBe("the mail server could not be used (EMESSAGE)");
});

it("does not go out in clear unless the operator said so", async () => {
  await storePassword(PASSWORD);
  await using mail = couriers("vault://smtp", true);
  expect((await mail.mail("ops@example.org", MESSAGE)).error).toContain("ETLS");
  expect(mails).toEqual([]);
});
