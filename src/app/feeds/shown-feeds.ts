import { NO_FEEDS, type DestinationFeeds } from "../../core/destination/feed.ts";
import type { FeedConfig } from "../config/config.ts";
import { FeedFault } from "./feed-fault.ts";
import { openFeedSource, type FeedSource } from "./feed-source.ts";

/** Who serves says what it has loaded and refused; who looks from outside need not say it again. */
const SILENT = { feedsLoaded: () => undefined, feedsRefused: () => undefined };

/**
 * The feeds as a gateway in another process has them. Files that do not load are tried again with
 * the next look: that process has its last good ones.
 */
export function openShownFeeds(
  configs: readonly FeedConfig[],
  started: AsyncDisposableStack,
): () => DestinationFeeds {
  let source: FeedSource | undefined;
  return () => {
    if (configs.length === 0) return NO_FEEDS;
    try {
      source ??= started.use(openFeedSource(configs, SILENT));
      return source.current();
    } catch (error) {
      if (error instanceof FeedFault) return NO_FEEDS;
      throw error;
    }
  };
}
