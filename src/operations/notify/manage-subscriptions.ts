/** Who is told of what, and how: kept in the directory, with their secrets in the vault. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { Write } from "../../core/identity/directory-store.ts";
import type { EventName } from "../../core/notify/notification.ts";
import type { Format, SubscriptionRecord } from "../../core/notify/subscription.ts";
import { subscriptionSecret } from "../../core/secret/own-secret.ts";
import type { SecretChange, SecretPlace } from "../../core/secret/secret-store.ts";
import { NOBODYS } from "../../core/secret/secret-terms.ts";
import { newId, randomToken } from "../../lib/ids.ts";
import { changeDirectory, editEntry } from "../identity/change-directory.ts";
import { findEntry } from "../identity/find-entry.ts";
import type { SubscriptionPorts } from "./subscription-ports.ts";

/** What one event may be sent to. */
export const SUBSCRIPTIONS_MAX = 100;
const SECRET_BYTES = 32;
const URL_CHARS_MAX = 2_048;

export interface SubscriptionWish {
  readonly name: string;
  readonly format: Format;
  /** A URL, or a mail address. */
  readonly target: string;
  /** Empty: all. */
  readonly events: readonly EventName[];
  /** See `SubscriptionRecord`. */
  readonly alias?: string;
}

export interface NewSubscription {
  readonly entry: Entry<"subscription">;
  /** Shown this once; undefined where nothing is signed. */
  readonly signingSecret: string | undefined;
}

export async function subscribe(
  caller: Caller,
  wish: SubscriptionWish,
  ports: SubscriptionPorts,
): Promise<Answer<NewSubscription>> {
  const problem = targetProblem(wish, ports);
  if (problem !== undefined) return fault("invalid", problem, { pointer: "/target" });
  const { tenant } = caller;
  const query = { tenant, limit: SUBSCRIPTIONS_MAX };
  if ((await ports.store.list("subscription", query)).length >= SUBSCRIPTIONS_MAX) {
    return fault("conflict", `A tenant has at most ${SUBSCRIPTIONS_MAX} subscriptions.`);
  }
  const now = ports.now();
  const id = newId("sub", now);
  const { name, format, target, events, alias } = wish;
  const isSigned = format === "webhook" || format === "cloudevents";
  const signingSecret = isSigned
    ? `whsec_${Buffer.from(randomToken(SECRET_BYTES), "base64url").toString("base64")}`
    : undefined;
  const kept = format === "slack" ? target : signingSecret;
  const body: SubscriptionRecord = {
    name,
    format,
    target: format === "slack" ? new URL(target).origin : target,
    events,
    active: true,
    secret: kept === undefined ? undefined : subscriptionSecret(id),
    ...(alias !== undefined && { alias }),
    createdBy: caller.name,
  };
  if (kept !== undefined) {
    const stored = await changeSecret(caller, id, store(kept), ports);
    if (stored !== undefined) return stored;
  }
  const entry = { kind: "subscription", id, tenant, createdAt: now, body } as const;
  const written = await changeDirectory(
    changeOf("created", caller, id, { format, events: eventsText(events) }),
    [{ kind: "put", entry, expect: "absent" }],
    ports,
  );
  if (written.kind === "fault") {
    if (kept !== undefined) await changeSecret(caller, id, { kind: "remove" }, ports);
    return written;
  }
  return done({ entry: { ...entry, revision: written.value }, signingSecret });
}

export async function changeSubscription(
  caller: Caller,
  id: string,
  changes: Partial<Pick<SubscriptionRecord, "name" | "events" | "active">>,
  expect: number | "any",
  ports: SubscriptionPorts,
): Promise<Answer<Entry<"subscription">>> {
  const fields = Object.keys(changes).toSorted().join(" ");
  const change = changeOf("changed", caller, id, { fields });
  return editEntry(expect, async (expected) => {
    const found = await findEntry("subscription", id, caller, ports);
    if (found.kind === "fault") return found;
    const entry = found.value;
    const body = { ...entry.body, ...changes };
    const write: Write = { kind: "put", entry: { ...entry, body }, expect: expected(entry) };
    const written = await changeDirectory(change, [write], ports);
    return written.kind === "fault" ? written : done({ ...entry, body, revision: written.value });
  });
}

/** What is on its way to it is not sent any more. */
export async function unsubscribe(
  caller: Caller,
  id: string,
  ports: SubscriptionPorts,
): Promise<Answer<undefined>> {
  const found = await findEntry("subscription", id, caller, ports);
  if (found.kind === "fault") return found;
  const { tenant, body } = found.value;
  const written = await changeDirectory(
    changeOf("removed", caller, id, {}),
    [{ kind: "remove", of: "subscription", id, tenant, expect: "any" }],
    ports,
  );
  if (written.kind === "fault") return written;
  ports.queue().cancel(id);
  if (body.secret !== undefined) await changeSecret(caller, id, { kind: "remove" }, ports);
  return done(undefined);
}

function store(value: string): SecretChange {
  return { kind: "store", value, terms: { ...NOBODYS, keep: 1 }, mustBe: "any" };
}

async function changeSecret(
  { tenant }: Caller,
  id: string,
  change: SecretChange,
  { secrets, now }: SubscriptionPorts,
): Promise<Answer<never> | undefined> {
  const place: SecretPlace = { tenant, name: subscriptionSecret(id), expect: "any", at: now() };
  const reply = await secrets.change(place, change);
  if (reply.kind !== "unreachable") return undefined;
  const detail = "The vault cannot be used now; an operator finds the reason by: sallyport doctor.";
  return fault("unavailable", detail, { cause: reply.cause });
}

function changeOf(verb: string, { name }: Caller, id: string, detail: Record<string, string>) {
  return { change: `subscription.${verb}`, about: `subscription:${id}`, by: name, detail };
}

function eventsText(events: readonly EventName[]): string {
  return events.length === 0 ? "all" : events.join(" ");
}

/** One address, no list and no header of its own. */
const ADDRESS = /^[^\s@,;:<>"()[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}$/;

function targetProblem(
  { format, target }: SubscriptionWish,
  { couriers }: SubscriptionPorts,
): string | undefined {
  if (format === "email") {
    if (!couriers.canMail) return "No mail server is configured: set notifications.smtp.";
    return ADDRESS.test(target) ? undefined : "This is not a mail address.";
  }
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return "This is not an http(s) URL.";
  }
  if (url.username !== "" || url.password !== "") return "Leave the credentials out of the URL.";
  if (format === "slack" && !/^[\x20-\x7e]{8,}$/.test(target)) return "This is no webhook's URL.";
  return target.length > URL_CHARS_MAX ? "The URL is too long." : undefined;
}
