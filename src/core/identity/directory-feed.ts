import type { Instant } from "../units.ts";
import type { FeedEntry } from "./access-index.ts";

/** The directory's changes in order, from the beginning. */
export interface DirectoryFeed {
  /** All there is now. Rejects where the store cannot be read. */
  first(): Promise<readonly FeedEntry[]>;
  /**
   * What changed since the last look. Synchronous, so that a key just made is known by the first
   * request that shows it; a store on another machine answers with what has arrived.
   */
  news(): readonly FeedEntry[];
  /** Calls `told` whenever there may be news. */
  watch(told: () => void): void;
  /**
   * Resolves once what was written until now is among the news. Undefined where news() has it anyway.
   * Never rejects: what is known stays in force.
   */
  catchUp?(): Promise<void>;
  /** False until a store that was away at the start was read; undefined: it was. */
  readonly informed?: boolean;
  touch(uses: ReadonlyMap<string, Instant>): Promise<void>;
}
