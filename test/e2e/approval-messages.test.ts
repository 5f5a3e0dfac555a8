/** Whoever is asked hears of it by mail and in Slack, and answers from there; subscribed on the command line. */
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openMailServer, type MailServer } from "../support/mail-server.ts";
import { administer, type Ask } from "../support/management.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";

const SLACK_SECRET = "a-slack-signing-secret";
const MAIL_PASSWORD = "canary-mail-password";
const POLICY = `
version: 1
agents: [tester]
rules:
  - id: deletes
    http: { upstreams: [web], methods: [DELETE] }
    effect: approve
    approval: { approvers: [ann, bob], expires: 15m }
`;

const folder = mkdtempSync(join(tmpdir(), "sallyport-messages-"));
let upstream: RecordingUpstream;
let mail: MailServer;
let slack: WebhookReceiver;
let gate: SallyportProcess;
let ask: Ask;

beforeAll(async () => {
  [upstream, mail, slack] = await Promise.all([
    startRecordingUpstream((_request, response) => void response.end("done")),
    openMailServer(MAIL_PASSWORD),
    openWebhookReceiver(),
  ]);
  slack.answer(200);
  writeFileSync(join(folder, "mail"), `${MAIL_PASSWORD}\n`);
  writeFileSync(join(folder, "slack"), `${SLACK_SECRET}\n`);
  gate = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams: [{ name: web, wire: http, url: "${upstream.url}", allow_private: true }]
reviews: { slack: { signing_secret_file: "${folder}/slack", people: ["U1=bob"] } }
notifications:
  allow_private: true
  smtp:
    url: "smtp://gate@127.0.0.1:${mail.port}"
    from: "Sallyport <gate@example.org>"
    password_ref: "file://${folder}/mail"
    require_tls: false
`,
    policies: { "web.yaml": POLICY },
  });
  ask = await administer(gate);
  await ask("POST", "/users", { username: "ann", email: "ann@example.org", role: "viewer" });
});
afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  for (const server of [upstream, mail, slack]) await server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function command(...words: string[]) {
  const done = await runSallyport(["subscriptions", ...words, "--config", gate.configFile]);
  return { ...done, stdout: done.stdout.trim() };
}

/** What the message about a review has to click on, whatever else was told. */
function approveButton(review: string): unknown {
  return slack.received
    .flatMap(({ body }) => JSON.parse(body).blocks ?? [])
    .flatMap(({ elements = [] }) => elements)
    .find(({ action_id, value }) => action_id === "approve" && value.endsWith(`|${review}`));
}

const remove = (path: string) => fetch(`${gate.url}/web/${path}`, { method: "DELETE" });

/** What browsers say of a form on this page: https://fetch.spec.whatwg.org/#origin-header */
function formOrigin({ headers, url }: Response): string {
  return headers.get("referrer-policy") === "no-referrer" ? "null" : new URL(url).origin;
}

it("lets an approver answer by the link in a mail, alone and once", async () => {
  const added = await command("add", "ann", "ann@example.org", "--format", "email");
  expect(added.output).toContain("ann@example.org  all events");
  expect((await command("test", added.stdout)).stdout).toBe("delivered");
  expect(mail.mails.at(-1)).toContain("This is a test of a subscription.");
  expect((await remove("1")).status).toBe(403);
  const link = await eventually(() => {
    const text = (mail.mails.at(-1) ?? "").replaceAll("=\r\n", "").replaceAll("=3D", "=");
    const found = /^http\S*(\/core\/v1\/reviews\/answer\?token=\S+)/m.exec(text)?.[1];
    if (found === undefined) throw new Error("no mail has a link yet");
    return `${gate.manageUrl}${found}`;
  });
  const page = await fetch(link);
  expect(await page.text()).toContain("Approve once");
  const answered = await fetch(link, {
    method: "POST",
    headers: { origin: formOrigin(page) },
    body: new URLSearchParams({ word: "approve" }),
  });
  expect(await answered.text()).toContain("approved");
  expect((await remove("1")).status).toBe(200);
  expect((await fetch(link)).status).toBe(404);
  expect((await command("rm", added.stdout)).code).toBe(0);
});

it("lets an approver answer by the buttons of a message in Slack, if Slack signed it", async () => {
  const added = await command(
    "add",
    "ops",
    `${slack.url}/services/T1/B1/hook`,
    "--format",
    "slack",
  );
  expect(added.code, added.output).toBe(0);
  // The gate hears of a subscriber soon after the command has ended: until then nobody is told.
  const asked = new Map<string, string>();
  const { path, button } = await eventually(async () => {
    const refused = await remove(`slack-${asked.size}`);
    expect(refused.status).toBe(403);
    asked.set(
      `slack-${asked.size}`,
      /rev_\w+/.exec(((await refused.json()) as { detail: string }).detail)?.[0] ?? "",
    );
    for (const [path, review] of asked) {
      const button = approveButton(review);
      if (button !== undefined) return { path, button };
    }
    throw new Error("no message has a button yet");
  });
  expect(slack.received.at(-1)?.path).toBe("/services/T1/B1/hook");
  const click = async (secret: string) => {
    const payload = { type: "block_actions", user: { id: "U1" }, actions: [button] };
    const text = `payload=${encodeURIComponent(JSON.stringify(payload))}`;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const mac = createHmac("sha256", secret).update(`v0:${timestamp}:${text}`).digest("hex");
    return fetch(`${gate.manageUrl}/core/v1/slack/actions`, {
      method: "POST",
      body: text,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": `v0=${mac}`,
      },
    });
  };
  expect((await click("not-slack")).status).toBe(401);
  expect((await remove(path)).status).toBe(403);
  expect((await click(SLACK_SECRET)).status).toBe(200);
  expect((await remove(path)).status).toBe(200);
});

it("lists what did not arrive as dead, and delivers it again when it is asked for", async () => {
  const target = `${slack.url}/gone`;
  const added = await command("add", "gone", target, "--events", "agent_stopped", "--json");
  const { id, signing_secret: secret } = JSON.parse(added.stdout);
  expect(secret).toMatch(/^whsec_/);
  slack.answer(410);
  expect(await command("test", id)).toMatchObject({ code: 1 });
  const dead = async () => (await command("deliveries", id, "--state", "dead")).stdout;
  await eventually(async () => {
    await ask("POST", "/stops", { agent: "nobody", mode: "freeze", reason: String(Date.now()) });
    expect(await dead()).toMatch(/^dlv_\S+ {2}dead {2}agent_stopped {2}1 attempt /);
  });
  slack.answer(204);
  const [delivery = ""] = (await dead()).split(" ");
  expect((await command("retry", id, delivery)).code).toBe(0);
  await eventually(async () => {
    const { stdout } = await command("deliveries", id, "--state", "delivered");
    expect(stdout).toContain(delivery);
  });
  expect((await command("list")).stdout).toContain(`${id}  gone  webhook  ${target}`);
  expect(await command("add", "x", "y", "--format", "pigeon")).toMatchObject({ code: 2 });
}, 120_000);
