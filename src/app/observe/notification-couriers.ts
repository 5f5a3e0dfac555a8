/** The ways in which notifications leave: each is loaded with the first that takes it. */
import { readFile } from "node:fs/promises";
import { parseSecretRef } from "../../core/secret/secret-ref.ts";
import type { SecretStore } from "../../core/secret/secret-store.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { errorOf } from "../../lib/caught.ts";
import { millis } from "../../core/units.ts";
import type { Couriers } from "../../operations/notify/subscription-ports.ts";
import type { GuardedPost } from "../../proxy/net/guarded-post.ts";
import { mailFailure } from "../../stores/notify/mail-failure.ts";
import type { MailSender } from "../../stores/notify/mail-sender.ts";
import type { NotificationSettings, SmtpServer } from "../config/config.ts";

const TIMEOUT = millis(10_000);

export interface OpenCouriers extends Couriers, AsyncDisposable {}

export function openCouriers(settings: NotificationSettings, secrets: SecretStore): OpenCouriers {
  let poster: Promise<GuardedPost> | undefined;
  return {
    canMail: settings.smtp !== undefined,
    async post(request) {
      poster ??= openPoster(settings);
      return (await poster).post(request);
    },
    async mail(to, message) {
      const error = await withMailer(settings, secrets, (sender) => sender.send(to, message));
      return { status: undefined, error };
    },
    async sign(secret, message) {
      const { signWebhook } = await import("../../stores/notify/webhook-signature.ts");
      return signWebhook(secret, message);
    },
    async [Symbol.asyncDispose]() {
      await (await poster)?.[Symbol.asyncDispose]();
    },
  };
}

async function openPoster({ allowPrivate }: NotificationSettings): Promise<GuardedPost> {
  const { createGuardedPost } = await import("../../proxy/net/guarded-post.ts");
  return createGuardedPost({ allowPrivate, timeout: TIMEOUT });
}

/**
 * One use of the mail server; what goes wrong is said, never thrown. Each reads the password
 * anew: one that was taken back is not shown again.
 */
async function withMailer(
  { smtp }: NotificationSettings,
  secrets: SecretStore,
  use: (sender: MailSender) => Promise<void>,
): Promise<string | undefined> {
  if (smtp === undefined) return "no mail server is configured";
  const opened = await openMailer(smtp, secrets).catch(errorOf);
  if (opened instanceof Error) return `the mail server was not asked: ${opened.message}`;
  using sender = opened;
  try {
    await use(sender);
    return undefined;
  } catch (error) {
    return mailFailure(error);
  }
}

async function openMailer(smtp: SmtpServer, secrets: SecretStore): Promise<MailSender> {
  const { MailSender: Sender } = await import("../../stores/notify/mail-sender.ts");
  const password = smtp.passwordRef && (await passwordOf(smtp.passwordRef, secrets));
  const ca = smtp.caFile && (await readFile(smtp.caFile, "utf8"));
  return new Sender({ ...smtp, ca }, password);
}

/** What `doctor` asks: whether the server lets the gate in. Undefined: it does. */
export async function mailProblem(
  settings: NotificationSettings,
  secrets: SecretStore,
): Promise<string | undefined> {
  return withMailer(settings, secrets, (sender) => sender.verify());
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
