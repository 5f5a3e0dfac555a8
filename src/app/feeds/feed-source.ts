/**
 * The feeds in force, kept in step with the files that the configuration names. A change is taken
 * whole or not at all: while a file has a problem, the last good feeds stay. Entries and files that
 * run out count no more from that time on.
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { destinationFeeds, type DestinationFeeds, type Feed } from "../../core/destination/feed.ts";
import { readFeed } from "../../core/destination/read-feed.ts";
import type { Problem } from "../../core/problem.ts";
import { type Instant } from "../../core/units.ts";
import { messageOf } from "../../lib/caught.ts";
import { readUtf8File } from "../read-utf8-file.ts";
import type { FeedConfig } from "../config/config.ts";
import { FeedFault } from "./feed-fault.ts";
import { fileStamp } from "../file-stamp.ts";
import { watchDirectory } from "../watch-directory.ts";
import { now } from "../now.ts";

export interface FeedSource extends AsyncDisposable {
  /** The same object until an entry changes. */
  current(): DestinationFeeds;
  /** Reads the files now. Never throws: problems are told to the events. */
  reload(): void;
  onChange(listener: () => void): void;
}

export interface FeedEvents {
  feedsLoaded(entries: number, stale: readonly string[]): void;
  feedsRefused(problems: readonly Problem[]): void;
}

interface Load {
  readonly feeds: readonly Feed[];
  /** Names of those that are too old to count. */
  readonly stale: readonly string[];
  readonly problems: readonly Problem[];
  /** When something runs out next. */
  readonly due: number;
}

/** A million domains take half of it. */
const FILE_BYTES_MAX = 67_108_864;
const DAY_MS = 86_400_000;

/** Throws FeedFault if the feeds do not load: at start there is nothing to fall back on. */
export function openFeedSource(configs: readonly FeedConfig[], events: FeedEvents): FeedSource {
  const listeners: (() => void)[] = [];
  let stamps = stampsOf(configs);
  const first = load(configs, now());
  if (first.problems.length > 0) throw new FeedFault(first.problems);
  let { due } = first;
  let current = destinationFeeds(first.feeds);
  if (configs.length > 0) events.feedsLoaded(current.size, first.stale);

  function reload(): void {
    stamps = stampsOf(configs);
    const next = load(configs, now());
    if (next.problems.length > 0) return events.feedsRefused(next.problems);
    due = next.due;
    const feeds = destinationFeeds(next.feeds);
    if (feeds.digest === current.digest) return;
    current = feeds;
    events.feedsLoaded(current.size, next.stale);
    for (const listener of listeners) listener();
  }

  const look = (): void => {
    if (stampsOf(configs) !== stamps || now() >= due) reload();
  };
  const folders = [...new Set(configs.map(({ file }) => dirname(file)))];
  const watches = folders.map((folder) => watchDirectory(folder, look));
  return {
    current: () => current,
    reload,
    onChange: (listener) => void listeners.push(listener),
    async [Symbol.asyncDispose]() {
      for (const watch of watches) watch.stop();
    },
  };
}

/** What the files say now, for who looks once. */
export function readFeeds(configs: readonly FeedConfig[]): {
  readonly feeds: DestinationFeeds;
  readonly problems: readonly Problem[];
} {
  const { feeds, problems } = load(configs, now());
  return { feeds: destinationFeeds(feeds), problems };
}

function load(configs: readonly FeedConfig[], at: Instant): Load {
  const feeds: Feed[] = [];
  const stale: string[] = [];
  const problems: Problem[] = [];
  let due = Infinity;
  for (const { name, file, as, maxAgeDays } of configs) {
    const opened = readText(file);
    if (opened.kind === "problem") {
      problems.push(opened.problem);
      continue;
    }
    const end = maxAgeDays === undefined ? Infinity : opened.writtenAt + maxAgeDays * DAY_MS;
    if (end <= at) {
      stale.push(name);
      continue;
    }
    const reading = readFeed(file, opened.text, at);
    problems.push(...reading.problems);
    due = Math.min(due, end, reading.nextEnd ?? Infinity);
    const { domains, urls, ranges } = reading;
    feeds.push({ name, as, domains, urls, ranges });
  }
  return { feeds, stale, problems, due };
}

type Opened =
  | { readonly kind: "text"; readonly text: string; readonly writtenAt: number }
  | { readonly kind: "problem"; readonly problem: Problem };

function readText(file: string): Opened {
  try {
    const { size, mtimeMs } = statSync(file);
    if (size > FILE_BYTES_MAX) return unreadable(file, `has more than ${FILE_BYTES_MAX} bytes`);
    const text = readUtf8File(file);
    return { kind: "text", text, writtenAt: mtimeMs };
  } catch (error) {
    const reason = messageOf(error);
    return unreadable(file, `cannot be read: ${reason}`);
  }
}

function unreadable(file: string, what: string): Opened {
  const suggestion = "create it, or take it out of `feeds`";
  const problem = { file, line: 1, column: 1, message: `the feed ${what}`, suggestion };
  return { kind: "problem", problem };
}

function stampsOf(configs: readonly FeedConfig[]): string {
  return configs.map(({ file }) => fileStamp(file)).join("\n");
}
