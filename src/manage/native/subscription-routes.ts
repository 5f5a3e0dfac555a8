/** `/core/v1`: /subscriptions, and what was delivered to them. */
import { Type } from "typebox";
import type { FastifyReply } from "fastify";
import type { Answer } from "../../core/fault.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { DELIVERY_STATES } from "../../core/notify/delivery-queue.ts";
import { FORMATS } from "../../core/notify/subscription.ts";
import { findEntry } from "../../operations/identity/find-entry.ts";
import { redeliver, testSubscription } from "../../operations/notify/deliver-notifications.ts";
import {
  changeSubscription,
  subscribe,
  unsubscribe,
} from "../../operations/notify/manage-subscriptions.ts";
import type { Api } from "./api.ts";
import { etagOf, ifMatch, IF_MATCH } from "./etag.ts";
import { IdParams, Name } from "./fields.ts";
import { page, pageOf, PAGE_QUERY, pagingOf } from "./paging.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import {
  CreatedSubscriptionJson,
  DELIVERY_EXAMPLE,
  DeliveryJson,
  deliveryJson,
  EventsJson,
  SUBSCRIPTION_EXAMPLE,
  SubscriptionJson,
  subscriptionJson,
} from "./subscription-json.ts";

const READ = { role: "viewer", scope: "subscriptions:read" } as const;
const WRITE = { role: "admin", scope: "subscriptions:write" } as const;
const TAGS = ["subscriptions"];

const NewSubscriptionJson = Type.Object(
  {
    name: Name,
    format: Type.Optional(Type.Enum(FORMATS, { description: "webhook." })),
    target: Type.String({ minLength: 3, maxLength: 2_048, description: "URL or mail address." }),
    events: Type.Optional(EventsJson),
  },
  {
    additionalProperties: false,
    examples: [
      { name: "on-call", target: "https://hooks.example.com/sallyport", events: ["anomaly"] },
      { name: "finance", format: "email", target: "finance@example.org" },
    ],
  },
);
const SubscriptionChangesJson = Type.Object(
  {
    name: Type.Optional(Name),
    events: Type.Optional(EventsJson),
    active: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ active: false }] },
);
const AttemptJson = Type.Object(
  {
    delivered: Type.Boolean(),
    status: Type.Optional(Type.Integer()),
    error: Type.Optional(Type.String()),
  },
  { examples: [{ delivered: true, status: 204 }] },
);
const DeliveryParams = Type.Object({
  id: Type.String({ maxLength: 128 }),
  delivery: Type.String({ maxLength: 128 }),
});

export function subscriptionRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addChanges(api, services);
  addRemoval(api, services);
  addDeliveries(api, services);
}

function addReads(api: Api, { subscriptions: ports }: Services): void {
  api.get(
    "/subscriptions",
    {
      schema: {
        summary: "List subscriptions",
        tags: TAGS,
        querystring: Type.Object(PAGE_QUERY, { additionalProperties: false }),
        response: { 200: pageOf(SubscriptionJson, SUBSCRIPTION_EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, query }) => {
      const paging = pagingOf(query);
      const found = await ports.store.list("subscription", { tenant: caller.tenant, ...paging });
      return page(found, paging, ({ id }) => id, subscriptionJson);
    },
  );
  api.get(
    "/subscriptions/:id",
    {
      schema: {
        summary: "Show a subscription",
        tags: TAGS,
        params: IdParams,
        response: { 200: SubscriptionJson },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) =>
      shown(reply, await findEntry("subscription", params.id, caller, ports)),
  );
}

function addChanges(api: Api, { subscriptions: ports }: Services): void {
  api.post(
    "/subscriptions",
    {
      schema: {
        summary: "Subscribe to events",
        description:
          "`webhook` and `cloudevents` are signed as Standard Webhooks; a failed delivery is tried " +
          "again for 28 hours. Private addresses are refused unless the configuration lets them.",
        tags: TAGS,
        body: NewSubscriptionJson,
        response: { 201: CreatedSubscriptionJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const { name, format = "webhook", target, events = [] } = body;
      const made = await subscribe(caller, { name, format, target, events }, ports);
      return answer(reply, 201, made, ({ entry, signingSecret }) => ({
        ...subscriptionJson(entry),
        signing_secret: signingSecret,
      }));
    },
  );
  api.patch(
    "/subscriptions/:id",
    {
      schema: {
        summary: "Change a subscription",
        tags: TAGS,
        params: IdParams,
        headers: IF_MATCH,
        body: SubscriptionChangesJson,
        response: { 200: SubscriptionJson },
      },
      config: { access: WRITE },
    },
    async (request, reply) => {
      const expect = ifMatch(request);
      if (expect.kind === "fault") return sendFault(reply, expect.fault);
      const { caller, params, body } = request;
      return shown(reply, await changeSubscription(caller, params.id, body, expect.value, ports));
    },
  );
}

function addRemoval(api: Api, { subscriptions: ports }: Services): void {
  api.delete(
    "/subscriptions/:id",
    {
      schema: {
        summary: "Remove a subscription",
        description: "What is on its way to it is not sent any more.",
        tags: TAGS,
        params: IdParams,
        response: { 204: Type.Null({ description: "Removed." }) },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 204, await unsubscribe(caller, params.id, ports), () => undefined),
  );
  api.post(
    "/subscriptions/:id/test",
    {
      schema: {
        summary: "Send a test event now",
        tags: TAGS,
        params: IdParams,
        response: { 200: AttemptJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await testSubscription(caller, params.id, ports), ({ status, error }) => ({
        delivered: error === undefined,
        status,
        error,
      })),
  );
}

function addDeliveries(api: Api, { subscriptions: ports }: Services): void {
  api.get(
    "/subscriptions/:id/deliveries",
    {
      schema: {
        summary: "List deliveries",
        description: "Newest first; `dead` ones were given up and can be delivered again.",
        tags: TAGS,
        params: IdParams,
        querystring: Type.Object(
          { ...PAGE_QUERY, state: Type.Optional(Type.Enum(DELIVERY_STATES)) },
          { additionalProperties: false },
        ),
        response: { 200: pageOf(DeliveryJson, DELIVERY_EXAMPLE) },
      },
      config: { access: READ },
    },
    async ({ caller, params, query }, reply) => {
      const found = await findEntry("subscription", params.id, caller, ports);
      const paging = pagingOf(query);
      return answer(reply, 200, found, ({ id, tenant }) => {
        const { state } = query;
        const { after: before, limit } = paging;
        const deliveries = ports.queue().list({ tenant, subscription: id, state, before, limit });
        return page(deliveries, paging, (delivery) => delivery.id, deliveryJson);
      });
    },
  );
  api.post(
    "/subscriptions/:id/deliveries/:delivery/redeliver",
    {
      schema: {
        summary: "Deliver again",
        description: "From the first attempt on, whatever became of it.",
        tags: TAGS,
        params: DeliveryParams,
        response: { 202: DeliveryJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 202, await redeliver(caller, params.id, params.delivery, ports), deliveryJson),
  );
}

function shown(reply: FastifyReply, found: Answer<Entry<"subscription">>): FastifyReply {
  if (found.kind === "done") void reply.header("etag", etagOf(found.value));
  return answer(reply, 200, found, subscriptionJson);
}
