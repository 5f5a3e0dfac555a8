/**
 * Puts what happens into the queue of deliveries, soon after and apart from the call it happened to.
 * The file is opened with the first happening that somebody wants to hear of.
 */
import type {
  EventName,
  Happening,
  Notification,
  Notifier,
} from "../../core/notify/notification.ts";
import { notificationOf } from "../../core/notify/notification-of.ts";
import type { Instant, TenantId } from "../../core/units.ts";
import { SqliteDeliveryStore } from "../sqlite/delivery-store.ts";

const FLUSH_MS = 100;
const RETRY_MS = 1_000;
/** Notifications that wait for the disk; past it the oldest are lost, and the log says so. */
const WAITING_MAX = 10_000;
/** Happenings remembered, so that one that goes on does not ask the disk each time. */
const SEEN_MAX = 10_000;

export interface QueueingNotifierOptions {
  readonly path: string;
  readonly now: () => Instant;
  readonly onFault: (cause: unknown) => void;
}

/** Ids of the subscriptions that want to hear of it. */
export type Subscribers = (tenant: TenantId, event: EventName) => readonly string[];

interface Waiting {
  readonly notification: Notification;
  readonly subscriptions: readonly string[];
}

export class QueueingNotifier implements Notifier, Disposable {
  readonly #options: QueueingNotifierOptions;
  readonly #seen = new Set<string>();
  #subscribers: Subscribers = () => [];
  #waiting: Waiting[] = [];
  #queue: SqliteDeliveryStore | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: QueueingNotifierOptions) {
    this.#options = options;
  }

  /** From here on; nobody is told of what came before. */
  follow(subscribers: Subscribers): void {
    this.#subscribers = subscribers;
  }

  notify(happening: Happening): void {
    const { tenant, event } = happening;
    const subscriptions = this.#subscribers(tenant, event);
    if (subscriptions.length === 0) return;
    const notification = notificationOf(happening, this.#options.now());
    const { id } = notification;
    if (this.#seen.has(id)) return;
    if (this.#seen.size >= SEEN_MAX) this.#seen.clear();
    this.#seen.add(id);
    if (this.#waiting.length >= WAITING_MAX) {
      this.#waiting.shift();
      this.#options.onFault(new Error("too many notifications wait for the disk: one was lost"));
    }
    this.#waiting.push({ notification, subscriptions });
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  [Symbol.dispose](): void {
    this.#flush();
    clearTimeout(this.#timer);
    this.#queue?.[Symbol.dispose]();
    this.#queue = undefined;
  }

  /** What the disk refuses stays and is tried again. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    let written = 0;
    try {
      if (waiting.length > 0) this.#queue ??= new SqliteDeliveryStore(this.#options.path);
      for (const { notification, subscriptions } of waiting) {
        this.#queue?.add(notification, subscriptions);
        written += 1;
      }
    } catch (error) {
      this.#options.onFault(error);
      this.#timer = setTimeout(() => this.#flush(), RETRY_MS).unref();
    }
    this.#waiting = waiting.slice(written);
  }
}
