/** How what happens at the gate becomes notifications. */
import { join } from "node:path";
import { exchangeHappenings } from "../../core/notify/exchange-happenings.ts";
import type { Notifier } from "../../core/notify/notification.ts";
import { QueueingNotifier, type Subscribers } from "../../stores/notify/queueing-notifier.ts";
import type { Config } from "../config/config.ts";
import type { Listener } from "./events.ts";
import type { Log } from "./logger.ts";
import { now } from "../now.ts";

export function notificationsPath({ dataDirectory }: Pick<Config, "dataDirectory">): string {
  return join(dataDirectory, "notifications.db");
}

/** It hears of who wants to be told once the directory is open. */
export interface GateNotifier extends Notifier {
  follow(subscribers: Subscribers): void;
}

export function openNotifier(config: Config, log: Log): GateNotifier & Disposable {
  return new QueueingNotifier({
    path: notificationsPath(config),
    now,
    onFault: (cause) => log.error({ cause: String(cause) }, "notifications cannot be stored"),
  });
}

export function notifyingListener(notifier: Notifier): Listener {
  return (facts) => {
    for (const happening of exchangeHappenings(facts)) notifier.notify(happening);
  };
}
