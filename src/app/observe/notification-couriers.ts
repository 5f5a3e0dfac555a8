/** The ways in which notifications leave: each is loaded with the first that takes it. */
import { readFile } from "node:fs/promises";
import type { Attempt } from "../../core/notify/delivery-queue.ts";
import type { MailMessage } from "../../core/notify/render-notification.ts";
import { parseSecretRef } from "../../core/secret/secret-ref.ts";
import type { SecretStore } from "../../core/secret/secret-store.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { millis } from "../../core/units.ts";
import type { Couriers } from "../../operations/notify/subscription-ports.ts";
import type { GuardedPost } from "../../proxy/net/guarded-post.ts";
import type { MailSender } from "../../stores/notify/mail-sender.ts";
import type { NotificationSettings } from "../config/config.ts";

const TIMEOUT = millis(10_000);

export interface OpenCouriers extends Couriers, AsyncDisposable {}

export function openCouriers(settings: NotificationSettings, secrets: SecretStore): OpenCouriers {
  let poster: Promise<GuardedPost> | undefined;
  let mailer: Promise<MailSender> | undefined;
  return {
    canMail: settings.smtp !== undefined,
    async post(request) {
      poster ??= openPoster(settings);
      return (await poster).post(request);
    },
    async mail(to, message) {
      mailer ??= openMailer(settings, secrets);
      return attempt(mailer, to, message, () => {
        mailer = undefined;
      });
    },
    async sign(secret, message) {
      const { signWebhook } = await import("../../stores/notify/webhook-signature.ts");
      return signWebhook(secret, message);
    },
    async [Symbol.asyncDispose]() {
      await (await poster)?.[Symbol.asyncDispose]();
      (await mailer?.catch(() => undefined))?.[Symbol.dispose]();
    },
  };
}

async function openPoster({ allowPrivate }: NotificationSettings): Promise<GuardedPost> {
  const { createGuardedPost } = await import("../../proxy/net/guarded-post.ts");
  return createGuardedPost({ allowPrivate, timeout: TIMEOUT });
}

async function openMailer(
  { smtp }: NotificationSettings,
  secrets: SecretStore,
): Promise<MailSender> {
  if (smtp === undefined) throw new Error("no mail server is configured");
  const { MailSender: Sender } = await import("../../stores/notify/mail-sender.ts");
  const password = smtp.passwordRef && (await passwordOf(smtp.passwordRef, secrets));
  return new Sender(smtp, password);
}

/** The server's words stay in its own log: they may repeat what it was sent. */
async function attempt(
  mailer: Promise<MailSender>,
  to: string,
  message: MailMessage,
  forget: () => void,
): Promise<Attempt> {
  try {
    await (await mailer).send(to, message);
    return { status: undefined, error: undefined };
  } catch (error) {
    // The next attempt reads the password anew.
    forget();
    const code = error instanceof Error && "code" in error ? String(error.code) : "failed";
    return { status: undefined, error: `the mail server could not be used (${code})` };
  }
}

async function passwordOf(ref: string, secrets: SecretStore): Promise<string> {
  const parsed = parseSecretRef(ref);
  if (parsed?.kind === "file") {
    return (await readFile(new URL(parsed.url), "utf8")).replace(/\r?\n$/u, "");
  }
  if (parsed?.kind === "vault") {
    const revealed = await secrets.reveal(DEFAULT_TENANT, parsed.name);
    if (revealed !== undefined) return revealed.value;
  }
  throw new Error("the mail server's password cannot be read");
}
