import type { TenantId } from "../units.ts";
import type { EventName } from "./notification.ts";
import { wants, type SubscriptionRecord } from "./subscription.ts";

/** Who wants to hear of what, in memory. */
export interface SubscriberList {
  /** No record: the subscription was removed. */
  put(id: string, tenant: TenantId, record: SubscriptionRecord | undefined): void;
  /** Ids of subscriptions. */
  of(tenant: TenantId, event: EventName): readonly string[];
}

const NOBODY: readonly string[] = [];

export function createSubscriberList(): SubscriberList {
  const all = new Map<string, { readonly tenant: TenantId; readonly record: SubscriptionRecord }>();
  return {
    put(id, tenant, record) {
      if (record === undefined) all.delete(id);
      else all.set(id, { tenant, record });
    },
    of(tenant, event) {
      if (all.size === 0) return NOBODY;
      return [...all]
        .filter(([, one]) => one.tenant === tenant && wants(one.record, event))
        .map(([id]) => id);
    },
  };
}
