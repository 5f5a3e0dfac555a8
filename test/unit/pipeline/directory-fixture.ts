/** A directory without a store behind it: agents of the configuration, and what a test feeds. */
import { createHash } from "node:crypto";
import type { FeedEntry } from "../../../src/core/identity/access-index.ts";
import type { DirectoryFeed } from "../../../src/core/identity/directory-feed.ts";
import { id, instant } from "../../../src/core/units.ts";
import { LiveDirectory, type ListedAgent } from "../../../src/stores/directory/live-directory.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export const listed = (name: string, ...keys: string[]): ListedAgent => ({
  name,
  keysSha256: keys.map(sha256),
  team: "support",
});

export interface FedDirectory {
  readonly directory: LiveDirectory;
  readonly clock: { now: number };
  /** Arrives with the next look. */
  readonly feed: (...entries: FeedEntry[]) => void;
  /** Arrives once somebody asks a store on another machine. */
  readonly write: (...entries: FeedEntry[]) => void;
  /** From here on it does not answer. */
  readonly silence: () => void;
  /** How often that was asked. */
  readonly looks: () => number;
}

export function fedDirectory(
  agents: readonly ListedAgent[],
  loopbackAgent: string | undefined,
  accepts: readonly string[] = [],
): FedDirectory {
  const clock = { now: 1_000 };
  let waiting: FeedEntry[] = [];
  let elsewhere: FeedEntry[] | undefined;
  let looks = 0;
  let isSilent = false;
  const catchUp = async (): Promise<void> => {
    looks += 1;
    if (isSilent) return new Promise<void>(() => undefined);
    waiting.push(...(elsewhere?.splice(0) ?? []));
  };
  const directory = new LiveDirectory({
    agents,
    loopbackAgent,
    accepts,
    tenant: id("default"),
    feed: {
      first: async () => [],
      news: () => waiting.splice(0),
      watch: () => undefined,
      touch: async () => undefined,
      get catchUp() {
        return elsewhere && catchUp;
      },
    } as DirectoryFeed,
    tokens: {
      read: async (token) =>
        token.startsWith("ses_")
          ? { kind: "session", session: token }
          : { kind: "subject", subject: token },
    },
    now: () => instant(clock.now),
    onFault: (error) => {
      throw error;
    },
  });
  return {
    directory,
    clock,
    feed: (...entries) => void (waiting = [...waiting, ...entries]),
    write: (...entries) => void (elsewhere = [...(elsewhere ?? []), ...entries]),
    silence: () => void (isSilent = true),
    looks: () => looks,
  };
}
