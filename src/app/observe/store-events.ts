import type { OutagePolicy } from "../../stores/outage/outage-policy.ts";
import { messageOf } from "../../lib/caught.ts";
import { impossible } from "../../lib/impossible.ts";
import type { Log } from "./logger.ts";

/** What the operator hears of the store of budgets and limits. */
export interface StoreEvents {
  /** It is lost, found unfit, or back. */
  storeChanged(state: { readonly ok: boolean; readonly detail: string }): void;
  /** What holds while it is away; said once at the start, loudly where it is not `closed`. */
  outagePolicy(dependency: string, policy: OutagePolicy, now: number): void;
  /** The directory cannot be read now: who is known stays known. */
  directoryFault(error: unknown): void;
  /** A start waits for the directory's server, so many milliseconds at most. */
  directoryAwaited(cause: string, wait: number): void;
  /** Replicas share a store and no directory; said at the start. */
  directoryIsOwn(): void;
  /** An upstream that a tenant registered is not served: what was allowed once is not any more. */
  upstreamDropped(tenant: string, name: string, cause: string): void;
  /** A trusted issuer's keys cannot be had: its tokens will be nobody's once the known ones are old. */
  issuerAway(issuer: string, cause: Error): void;
}

/** What surprises whoever adds a second replica to the Redis of the first. */
export const OWN_DIRECTORY = {
  detail:
    "agents, keys, people, secrets and policies made through the API are this machine's own; " +
    "over Redis replicas share budgets, limits, reviews, sessions and stops",
  remedy: "set directory.url to a PostgreSQL, or give every replica its agents in the config",
};

/** For a second look at a store whose state the gateway tells of already. */
export const NOBODY_TOLD: StoreEvents = {
  storeChanged: () => undefined,
  outagePolicy: () => undefined,
  directoryFault: () => undefined,
  directoryAwaited: () => undefined,
  directoryIsOwn: () => undefined,
  upstreamDropped: () => undefined,
  issuerAway: () => undefined,
};

export function createStoreEvents(log: Log): StoreEvents {
  return {
    storeChanged({ ok, detail }) {
      if (ok) log.info({ detail }, "store can be used");
      else log.error({ cause: detail }, "store cannot be used");
    },
    outagePolicy(dependency, policy, now) {
      if (policy.kind === "closed") return;
      log.warn({ dependency, policy: outageText(policy, now) }, "outages do not close everything");
    },
    directoryFault(error) {
      const cause = messageOf(error);
      log.error({ cause }, "directory cannot be read");
    },
    directoryAwaited(cause, wait) {
      log.warn({ cause, wait_ms: wait }, "waiting for the directory");
    },
    directoryIsOwn() {
      log.warn(OWN_DIRECTORY, "replicas share no directory");
    },
    upstreamDropped(tenant, name, cause) {
      log.warn({ tenant, upstream: name, cause }, "registered upstream is not served");
    },
    issuerAway(issuer, { message: cause }) {
      log.error({ issuer, cause }, "keys of a token issuer cannot be had");
    },
  };
}

/** Whether calls are refused while the store is away. */
export function isClosed(policy: OutagePolicy, now: number): boolean {
  return policy.kind === "closed" || (policy.kind === "open" && now >= policy.until);
}

/** For a person: what happens to calls that cannot be checked. */
export function outageText(policy: OutagePolicy, now: number): string {
  switch (policy.kind) {
    case "closed":
      return "closed: refused";
    case "open": {
      const day = new Date(policy.until).toISOString().slice(0, 10);
      return now < policy.until
        ? `open: let through unchecked until ${day}`
        : `closed: \`open\` ended on ${day}`;
    }
    case "degrade":
      return `degrade: ${policy.share} % of each limit, set aside before`;
    default:
      return impossible(policy);
  }
}
