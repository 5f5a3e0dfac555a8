/** Haldir's `/v1/webhooks`. */
import { Type } from "typebox";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { DeliveryQueue, DeliveryState } from "../../core/notify/delivery-queue.ts";
import { subscribe, SUBSCRIPTIONS_MAX } from "../../operations/notify/manage-subscriptions.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import { Label } from "./fields.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { answer } from "./wording.ts";

const EVENTS = ["anomaly", "approval_requested", "budget_exhausted"] as const;
const ALL = "all";
/** Of the headers that its receivers verify, beside those of Standard Webhooks. */
const ALIAS = "X-Haldir";

const NewWebhookJson = Type.Object({
  url: Type.String({ minLength: 1, maxLength: 2_048 }),
  name: Type.Optional(Label),
  events: Type.Optional(
    Type.Union([Type.Array(Type.Enum([ALL, ...EVENTS]), { maxItems: 8 }), Type.Null()]),
  ),
});

const READ = { role: "viewer", scope: "subscriptions:read" } as const;
const WRITE = { role: "admin", scope: "subscriptions:write" } as const;
/** Deliveries that are counted of each; the queue forgets them after a week. */
const COUNTED_MAX = 1_000;

export function webhookRoutes(api: DialectApi, { core: { subscriptions } }: HaldirParts): void {
  api.post(
    "/v1/webhooks",
    { schema: { body: NewWebhookJson }, config: { needs: WRITE } },
    async (request, reply) => {
      const { url, name = "", events } = request.body;
      const wished = new Set(events ?? [ALL]);
      const isAll = wished.size === 0 || wished.has(ALL);
      const wish = {
        name,
        format: "webhook",
        target: url,
        events: EVENTS.filter((event) => isAll || wished.has(event)),
        alias: ALIAS,
      } as const;
      const made = await subscribe(callerOf(request), wish, subscriptions);
      return answer(reply, 201, made, ({ entry, signingSecret }) => ({
        registered: true,
        url,
        events: shownEvents(entry),
        webhook_id: entry.id,
        secret: signingSecret,
      }));
    },
  );
  api.get("/v1/webhooks", { config: { needs: READ } }, async (request) => {
    const { tenant } = callerOf(request);
    const query = { tenant, limit: SUBSCRIPTIONS_MAX };
    const found = await subscriptions.store.list("subscription", query);
    const hooks = found.filter(({ body }) => body.format === "webhook");
    return { webhooks: hooks.map((entry) => webhookJson(entry, subscriptions.queue())) };
  });
}

function webhookJson(entry: Entry<"subscription">, queue: DeliveryQueue) {
  const { id, tenant, body } = entry;
  const count = (state: DeliveryState): number =>
    queue.list({ tenant, subscription: id, state, before: undefined, limit: COUNTED_MAX }).length;
  return {
    webhook_id: id,
    url: body.target,
    name: body.name,
    events: shownEvents(entry),
    active: body.active,
    fire_count: count("delivered"),
    fail_count: count("dead"),
    signed: true,
  };
}

/** Subscriptions that were made elsewhere may name events that this API does not know. */
function shownEvents({ body: { events } }: Entry<"subscription">): readonly string[] {
  return events.length === 0 || EVENTS.every((event) => events.includes(event)) ? [ALL] : events;
}
