/** Mail by SMTP, with nodemailer: its only importer. */
import { createTransport, type Transporter } from "nodemailer";
import type { MailMessage } from "../../core/notify/render-notification.ts";

export interface SmtpSettings {
  /** `smtps://user@mail.example:465`, or `smtp://…` with STARTTLS where it is offered. */
  readonly url: string;
  readonly from: string;
  /** STARTTLS must be offered; off only for a server on this machine. */
  readonly requireTls: boolean;
  /** PEM of the authorities that its certificate is believed by; undefined: the usual ones. */
  readonly ca: string | undefined;
}

const TIMEOUT_MS = 10_000;

/** Sends one message; rejects with nodemailer's error. */
export class MailSender implements Disposable {
  readonly #transport: Transporter;
  readonly #from: string;

  constructor({ url, from, requireTls, ca }: SmtpSettings, password: string | undefined) {
    const { protocol, hostname, port, username } = new URL(url);
    const secure = protocol === "smtps:";
    this.#from = from;
    this.#transport = createTransport({
      host: hostname,
      port: port === "" ? (secure ? 465 : 587) : Number(port),
      secure,
      requireTLS: requireTls && !secure,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(ca !== undefined && { tls: { ca } }),
      ...(username !== "" && {
        auth: { user: decodeURIComponent(username), pass: password ?? "" },
      }),
    });
  }

  async send(to: string, { subject, text }: MailMessage): Promise<void> {
    await this.#transport.sendMail({ from: this.#from, to, subject, text });
  }

  /** Connects and logs in; rejects as `send` does. */
  async verify(): Promise<void> {
    await this.#transport.verify();
  }

  [Symbol.dispose](): void {
    this.#transport.close();
  }
}
