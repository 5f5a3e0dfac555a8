import { join } from "node:path";
import type { Directory } from "../../core/directory.ts";
import type { Order, UpstreamOfTenant } from "../../core/identity/access-index.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import type { DirectoryFeed } from "../../core/identity/directory-feed.ts";
import type { Stop } from "../../core/identity/stop.ts";
import type { PolicySource } from "../../core/policy/compile-policy.ts";
import { stopHappenings } from "../../core/notify/stop-happenings.ts";
import type { Principal } from "../../core/principal.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { Instant } from "../../core/units.ts";
import { impossible } from "../../lib/impossible.ts";
import { SESSION_ENDED } from "../../pipeline/identify.ts";
import { stoppedBy } from "../../pipeline/limit.ts";
import type { OutagePolicy } from "../../stores/outage/outage-policy.ts";
import { LiveDirectory } from "../../stores/directory/live-directory.ts";
import { SqliteFeed } from "../../stores/directory/sqlite-feed.ts";
import { createTokenReader } from "../../stores/tokens/token-reader.ts";
import { directoryPath } from "./open-directory-store.ts";
import type { StoreEvents } from "../observe/store-events.ts";
import type { GateNotifier } from "../observe/notifications.ts";
import type { SharedRedis } from "./open-shared-redis.ts";
import { reachDirectory } from "./reach-directory.ts";
import type { Config } from "../config/config.ts";

export interface LiveDirectoryParts {
  readonly config: Config;
  readonly events: Pick<
    StoreEvents,
    "directoryFault" | "directoryAwaited" | "directoryIsOwn" | "issuerAway"
  >;
  readonly now: () => Instant;
  readonly notifier: GateNotifier;
  /** What replicas share; undefined where everything is on this machine. */
  readonly redis: SharedRedis | undefined;
}

export interface OpenLiveDirectory extends AsyncDisposable {
  readonly directory: Directory;
  stopped(principal: Principal): Stop | undefined;
  /** See `Gatekeeper.informed`. */
  readonly informed: boolean;
  /** See `AccessIndex.upstreams`. */
  upstreams(): readonly UpstreamOfTenant[];
  /** See `AccessIndex.policySources`. */
  policySources(): readonly PolicySource[];
  /** See `AccessIndex.orders`. */
  orders(): readonly Order[];
  /** Why what runs must end; undefined while it may go on. */
  whyEnded(principal: Principal): Refusal | undefined;
  onChange(told: () => void): void;
  /** See `LiveDirectory.follow`. */
  follow(): Promise<void>;
}

/** Throws StoreFault or the system's error where the directory cannot be opened. */
export async function openLiveDirectory(parts: LiveDirectoryParts): Promise<OpenLiveDirectory> {
  const { config, events, now, notifier } = parts;
  await using started = new AsyncDisposableStack();
  const feed = started.use(await openFeed(parts, started));
  const directory = started.use(
    new LiveDirectory({
      agents: config.agents,
      loopbackAgent: config.loopbackAgent,
      accepts: config.accepts,
      tenant: DEFAULT_TENANT,
      feed,
      tokens: createTokenReader(config.tokenIssuers, now, (issuer, cause) =>
        events.issuerAway(issuer, cause),
      ),
      now,
      onFault: (error) => events.directoryFault(error),
      onNews: (news) => {
        for (const happening of stopHappenings(news)) notifier.notify(happening);
      },
    }),
  );
  notifier.follow((of, event) => directory.subscribers(of, event));
  await directory.open();
  const owned = started.move();
  return {
    directory,
    stopped: (principal) => directory.stopped(principal),
    get informed() {
      return directory.informed || goesOn(config.outages.limits, now());
    },
    upstreams: () => directory.upstreams(),
    policySources: () => directory.policySources(),
    orders: () => directory.orders(),
    whyEnded(principal) {
      if (!directory.mustEnd(principal)) return undefined;
      const stop = directory.stopped(principal);
      return stop === undefined ? SESSION_ENDED : stoppedBy(stop, principal);
    },
    onChange: (told) => directory.onChange(told),
    follow: () => directory.follow(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Whoever lets calls through while limits cannot be counted goes on with the stops known here. */
function goesOn(outage: OutagePolicy, at: Instant): boolean {
  switch (outage.kind) {
    case "closed":
      return false;
    case "open":
      return at < outage.until;
    case "degrade":
      return true;
    default:
      return impossible(outage);
  }
}

/** As `openDirectoryStore` has them. */
async function openFeed(
  { config, events, redis, now }: LiveDirectoryParts,
  started: AsyncDisposableStack,
): Promise<DirectoryFeed & AsyncDisposable> {
  const onFault = (error: unknown): void => events.directoryFault(error);
  if (config.directoryUrl !== undefined) {
    await reachDirectory(config.directoryUrl, config.directoryWait, events);
    const { PostgresFeed } = await import("../../stores/directory/postgres-directory.ts");
    return new PostgresFeed(config.directoryUrl, onFault);
  }
  const own = new SqliteFeed(directoryPath(config));
  if (redis === undefined) return own;
  events.directoryIsOwn();
  const { RedisFeed } = await import("../../stores/redis/entry-feed.ts");
  const { JoinedFeed } = await import("../../stores/directory/joined-feed.ts");
  const { SqliteEntryCopy } = await import("../../stores/sqlite/entry-copy.ts");
  const copy = started.use(new SqliteEntryCopy(join(config.dataDirectory, "shared.db"), now));
  const shared = new RedisFeed({ ...redis, now, leftOver: own.leftOver(), copy, onFault });
  return new JoinedFeed(own, shared);
}
