/** What somebody tells of at a management door, told to those who want to hear of it. */
import type { Happening } from "../../core/notify/notification.ts";
import { notificationOf } from "../../core/notify/notification-of.ts";
import { wants } from "../../core/notify/subscription.ts";
import { SUBSCRIPTIONS_MAX } from "./manage-subscriptions.ts";
import type { SubscriptionPorts } from "./subscription-ports.ts";

/** Rejects where a store cannot be used. */
export async function tellSubscribers(
  happening: Happening,
  { store, queue, now }: Pick<SubscriptionPorts, "store" | "queue" | "now">,
): Promise<void> {
  const { tenant, event } = happening;
  const all = await store.list("subscription", { tenant, limit: SUBSCRIPTIONS_MAX });
  const subscribers = all.filter(({ body }) => wants(body, event)).map(({ id }) => id);
  if (subscribers.length > 0) queue().add(notificationOf(happening, now()), subscribers);
}
