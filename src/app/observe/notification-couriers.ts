/** The ways in which notifications leave: each is loaded with the first that takes it. */
import { readFile } from "node:fs/promises";
import { parseSecretRef } from "../../core/secret/secret-ref.ts";
import type { SecretStore } from "../../core/secret/secret-store.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { messageOf } from "../../lib/caught.ts";
import { millis } from "../../core/units.ts";
import type { Couriers } from "../../operations/notify/subscription-ports.ts";
import type { GuardedPost } from "../../proxy/net/guarded-post.ts";
import { mailFailure } from "../../stores/notify/mail-failure.ts";
import type { MailSender } from "../../stores/notify/mail-sender.ts";
import type { NotificationSettings } from "../config/config.ts";

const TIMEOUT = millis(10_000);

export interface OpenCouriers extends Couriers, AsyncDisposable {}

export function openCouriers(settings: NotificationSettings, secrets: SecretStore): OpenCouriers {
  let poster: Promise<GuardedPost> | undefined;
  let mailer: Promise<OpenedMailer> | undefined;
  return {
    canMail: settings.smtp !== undefined,
    async post(request) {
      poster ??= openPoster(settings);
      return (await poster).post(request);
    },
    async mail(to, message) {
      const opened = (mailer ??= openMailer(settings, secrets));
      const error = await withMailer(opened, (sender) => sender.send(to, message));
      // The next attempt reads the password anew.
      if (error !== undefined && mailer === opened) mailer = undefined;
      return { status: undefined, error };
    },
    async sign(secret, message) {
      const { signWebhook } = await import("../../stores/notify/webhook-signature.ts");
      return signWebhook(secret, message);
    },
    async [Symbol.asyncDispose]() {
      await (await poster)?.[Symbol.asyncDispose]();
      close(await mailer);
    },
  };
}

async function openPoster({ allowPrivate }: NotificationSettings): Promise<GuardedPost> {
  const { createGuardedPost } = await import("../../proxy/net/guarded-post.ts");
  return createGuardedPost({ allowPrivate, timeout: TIMEOUT });
}

type OpenedMailer =
  | { readonly kind: "open"; readonly sender: MailSender }
  | { readonly kind: "unusable"; readonly why: string };

async function openMailer(
  { smtp }: NotificationSettings,
  secrets: SecretStore,
): Promise<OpenedMailer> {
  if (smtp === undefined) return { kind: "unusable", why: "no mail server is configured" };
  try {
    const { MailSender: Sender } = await import("../../stores/notify/mail-sender.ts");
    const password = smtp.passwordRef && (await passwordOf(smtp.passwordRef, secrets));
    const ca = smtp.caFile && (await readFile(smtp.caFile, "utf8"));
    return { kind: "open", sender: new Sender({ ...smtp, ca }, password) };
  } catch (error) {
    return { kind: "unusable", why: `the mail server was not asked: ${messageOf(error)}` };
  }
}

/** One way to use the mail server; what goes wrong is said, never thrown. */
async function withMailer(
  opened: Promise<OpenedMailer>,
  use: (sender: MailSender) => Promise<void>,
): Promise<string | undefined> {
  const mailer = await opened;
  if (mailer.kind === "unusable") return mailer.why;
  try {
    await use(mailer.sender);
    return undefined;
  } catch (error) {
    return mailFailure(error);
  }
}

/** What `doctor` asks: whether the server lets the gate in. Undefined: it does. */
export async function mailProblem(
  settings: NotificationSettings,
  secrets: SecretStore,
): Promise<string | undefined> {
  const opened = openMailer(settings, secrets);
  const problem = await withMailer(opened, (sender) => sender.verify());
  close(await opened);
  return problem;
}

function close(mailer: OpenedMailer | undefined): void {
  if (mailer?.kind === "open") mailer.sender[Symbol.dispose]();
}

async function passwordOf(ref: string, secrets: SecretStore): Promise<string> {
  const parsed = parseSecretRef(ref);
  if (parsed?.kind === "file") {
    return (await readFile(new URL(parsed.url), "utf8")).replace(/\r?\n$/u, "");
  }
  const revealed =
    parsed?.kind === "vault" ? await secrets.reveal(DEFAULT_TENANT, parsed.name) : undefined;
  if (revealed === undefined) throw new Error(`there is no ${ref}`);
  const { binding } = revealed.entry.terms;
  if (binding !== undefined) throw new Error(`${ref} is bound to ${binding.origin}`);
  return revealed.value;
}
