/** Subscriptions and deliveries as documents. */
import { Type } from "typebox";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { DELIVERY_STATES, type Delivery } from "../../core/notify/delivery-queue.ts";
import { EVENT_NAMES } from "../../core/notify/notification.ts";
import { FORMATS } from "../../core/notify/subscription.ts";
import type { Written } from "./fields.ts";
import { TimeText, timeText } from "./time-text.ts";

export const EventsJson = Type.Array(Type.Enum(EVENT_NAMES), {
  maxItems: 32,
  description: "Empty: all.",
});

export const SUBSCRIPTION_EXAMPLE = {
  id: "sub_01kamz3v9e3x6v0q2m8r5t7w9y",
  name: "on-call",
  format: "webhook",
  target: "https://hooks.example.com/sallyport",
  events: ["budget_exhausted", "malicious_detected"],
  active: true,
  created_at: "2026-11-21T06:00:00.000Z",
  created_by: "alice",
} as const;

const FIELDS = {
  id: Type.String(),
  name: Type.String(),
  format: Type.Enum(FORMATS),
  target: Type.String({ description: "Of Slack the origin only: its URLs are secrets." }),
  events: EventsJson,
  active: Type.Boolean(),
  created_at: TimeText,
  created_by: Type.String(),
};

export const SubscriptionJson = Type.Object(FIELDS, { examples: [SUBSCRIPTION_EXAMPLE] });

export const CreatedSubscriptionJson = Type.Object(
  {
    ...FIELDS,
    signing_secret: Type.Optional(
      Type.String({ description: "Standard Webhooks; shown this once." }),
    ),
  },
  { examples: [{ ...SUBSCRIPTION_EXAMPLE, signing_secret: "whsec_…" }] },
);

export const DELIVERY_EXAMPLE = {
  id: "dlv_01kamz3v9e3x6v0q2m8r5t7w9y",
  event: "budget_exhausted",
  notification: "ntf_6dcd4ce23d88e2ee9568ba546c007c63",
  summary: "The budget llm-day is used up: a call did not fit into what is left.",
  state: "dead",
  attempts: 9,
  at: "2026-11-22T10:00:00.000Z",
  status: 500,
  error: "answered 500",
  happened_at: "2026-11-21T06:00:00.000Z",
} as const;

export const DeliveryJson = Type.Object(
  {
    id: Type.String(),
    event: Type.Enum(EVENT_NAMES),
    notification: Type.String({ description: "The webhook-id that the receiver sees." }),
    summary: Type.String(),
    state: Type.Enum(DELIVERY_STATES),
    attempts: Type.Integer(),
    at: Type.String({
      format: "date-time",
      description: "Of the next attempt while it is pending, else of the last.",
    }),
    status: Type.Optional(Type.Integer()),
    error: Type.Optional(Type.String()),
    happened_at: TimeText,
  },
  { examples: [DELIVERY_EXAMPLE] },
);

export function subscriptionJson({
  id,
  createdAt,
  body,
}: Entry<"subscription">): Written<typeof SubscriptionJson> {
  const { name, format, target, events, active, createdBy } = body;
  return {
    id,
    name,
    format,
    target,
    events: [...events],
    active,
    created_at: timeText(createdAt),
    created_by: createdBy,
  };
}

export function deliveryJson(delivery: Delivery): Written<typeof DeliveryJson> {
  const { id, notification, state, attempts, at, status, error } = delivery;
  return {
    id,
    event: notification.event,
    notification: notification.id,
    summary: notification.summary,
    state,
    attempts,
    at: timeText(at),
    status,
    error,
    happened_at: timeText(notification.at),
  };
}
