import { existsSync } from "node:fs";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { SecretStore } from "../../core/secret/secret-store.ts";
import { instant } from "../../core/units.ts";
import type { Services } from "../../manage/native/services.ts";
import { linkForMail, type LinkPorts } from "../../operations/reviews/answer-by-link.ts";
import { deliverDue } from "../../operations/notify/deliver-notifications.ts";
import type { SubscriptionPorts } from "../../operations/notify/subscription-ports.ts";
import { SqliteDeliveryStore } from "../../stores/sqlite/delivery-store.ts";
import { openCouriers } from "../observe/notification-couriers.ts";
import { notificationsPath } from "../observe/notifications.ts";
import type { ServiceParts } from "./service-parts.ts";

const ROUND_MS = 250;
const PRUNE_MS = 3_600_000;
/** How long deliveries can be looked at, and the same happening is not told again. */
const KEPT_MS = 7 * 86_400_000;

/** Subscriptions, and the rounds that bring them what is due as long as the plane is open. */
export function openNotifyServices(
  { config, vitals }: ServiceParts,
  ports: IdentityPorts & { readonly secrets: SecretStore } & LinkPorts,
  started: AsyncDisposableStack,
): Pick<Services, "subscriptions"> {
  const path = notificationsPath(config);
  const couriers = started.use(openCouriers(config.notifications, ports.secrets));
  let store: SqliteDeliveryStore | undefined;
  started.defer(() => store?.[Symbol.dispose]());
  const queue = (): SqliteDeliveryStore => (store ??= new SqliteDeliveryStore(path));
  const answerLink: SubscriptionPorts["answerLink"] = async ({ tenant, data }, address) => {
    const token = await linkForMail(tenant, String(data["review"] ?? ""), address, ports);
    return token && `${config.login.publicUrl}/core/v1/reviews/answer?token=${token}`;
  };
  const subscriptions: SubscriptionPorts = { ...ports, queue, couriers, answerLink };
  started.use(new Rounds(subscriptions, path, (cause) => vitals.failed(cause)));
  return { subscriptions };
}

class Rounds implements AsyncDisposable {
  readonly #ports: SubscriptionPorts;
  readonly #path: string;
  readonly #onFault: (cause: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #prunedAt = 0;

  constructor(ports: SubscriptionPorts, path: string, onFault: (cause: unknown) => void) {
    this.#ports = ports;
    this.#path = path;
    this.#onFault = onFault;
    this.#timer = setInterval(() => this.#start(), ROUND_MS).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Without a file nobody was ever to be told of anything. */
  #start(): void {
    if (this.#running !== undefined || !existsSync(this.#path)) return;
    this.#running = this.#round().finally(() => {
      this.#running = undefined;
    });
  }

  async #round(): Promise<void> {
    try {
      const now = this.#ports.now();
      if (now - this.#prunedAt >= PRUNE_MS) {
        this.#prunedAt = now;
        this.#ports.queue().prune(instant(now - KEPT_MS));
      }
      await deliverDue(this.#ports);
    } catch (error) {
      this.#onFault(error);
    }
  }
}
