import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { Attempt, DeliveryQueue } from "../../core/notify/delivery-queue.ts";
import type { Notification } from "../../core/notify/notification.ts";
import type { MailMessage } from "../../core/notify/render-notification.ts";
import type { SecretStore } from "../../core/secret/secret-store.ts";

/** What operations on subscriptions ask of the world. */
export interface SubscriptionPorts extends IdentityPorts {
  /** Keeps the signing secrets. */
  readonly secrets: SecretStore;
  /** Opened with the first use: throws where the disk refuses. */
  readonly queue: () => DeliveryQueue;
  readonly couriers: Couriers;
  /** Where the person with this mail address can answer what the notification is about. */
  answerLink?(notification: Notification, address: string): Promise<string | undefined>;
}

/** The ways out. They never reject: what goes wrong is the attempt's error. */
export interface Couriers {
  /** Reaches public addresses only, unless the operator lets it; follows no redirect. */
  post(request: PostRequest): Promise<Attempt>;
  mail(to: string, message: MailMessage): Promise<Attempt>;
  /** Standard Webhooks, and under an alias; `secret` begins with `whsec_`. */
  sign(secret: string, message: SignedMessage): Promise<Readonly<Record<string, string>>>;
  /** Whether mail can be sent at all. */
  readonly canMail: boolean;
}

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SignedMessage {
  readonly id: string;
  readonly event: string;
  /** See `SubscriptionRecord`. */
  readonly alias: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly body: string;
}
