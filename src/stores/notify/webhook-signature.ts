/**
 * Signatures of the Standard Webhooks specification, by its own library: its only importer. Under an
 * alias the same message has a plain signature, too.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";

export interface SignedMessage {
  readonly id: string;
  readonly event: string;
  readonly alias: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly body: string;
}

/** `secret` begins with `whsec_`. */
export function signWebhook(
  secret: string,
  { id, event, alias, at, body }: SignedMessage,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1000));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": new Webhook(secret).sign(id, new Date(at), body),
    ...(alias !== undefined && {
      [`${alias}-Event`]: event,
      [`${alias}-Timestamp`]: timestamp,
      [`${alias}-Signature`]: `sha256=${plainSignature(secret, `${timestamp}.${body}`)}`,
    }),
  };
}

/** The key is the secret's text as it was shown. */
function plainSignature(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}
