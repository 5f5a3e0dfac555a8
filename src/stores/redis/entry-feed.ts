/**
 * The shared entries as one replica follows them: what was published, what a look each second finds,
 * and all of it once more when the connection was lost. What the replica knows, a Redis that lost its
 * memory is told again: a stop must not end because a server was restarted.
 */
import type { FeedEntry } from "../../core/identity/access-index.ts";
import type { DirectoryFeed } from "../../core/identity/directory-feed.ts";
import { lookupOf } from "../../core/identity/directory-store.ts";
import { isShared, type SharedEntry, type SharedKind } from "../../core/identity/shared-kinds.ts";
import { id, type Instant, type TenantId } from "../../core/units.ts";
import { readShared } from "../directory/read-entry.ts";
import { putArgs } from "./entry-store.ts";
import { ENTRY_CHANGES, TELL_ENTRIES } from "./entry-scripts.ts";
import type { RedisStoreOptions } from "./rate-store.ts";
import type { RedisNews } from "./redis-news.ts";

export interface RedisFeedOptions extends RedisStoreOptions {
  readonly news: RedisNews;
  readonly now: () => Instant;
  /** What this machine kept before it shared anything: Redis is told of what it does not know. */
  readonly leftOver: readonly SharedEntry[];
  /** What it heard of since; undefined: a start knows nothing until Redis was read. */
  readonly copy?: EntryCopy;
  readonly onFault: (error: unknown) => void;
}

/** The shared entries on this machine's own disk. */
export interface EntryCopy {
  read(): readonly KnownEntry[];
  /** Throws where the disk refuses: what was not written comes again with the next look. */
  write(changes: readonly KnownEntry[]): void;
}

export type KnownEntry = SharedEntry | RemovedEntry;

interface RemovedEntry {
  readonly kind: "removed";
  readonly of: SharedKind;
  readonly id: string;
  readonly tenant: TenantId;
  readonly revision: number;
}

/** Should a word be lost, this is how late a change is heard of. */
const LOOK_MS = 1_000;
/** Between two looks for sessions that are over. */
const SWEEP_MS = 60_000;
/** Entries that one script is told. */
const TOLD_AT_ONCE = 200;
/** What a member takes in an answer, after the two words before the first. */
const PARTS = 5;

export class RedisFeed implements DirectoryFeed, AsyncDisposable {
  readonly #options: RedisFeedOptions;
  readonly #root: string;
  readonly #channel: string;
  /** By member. */
  readonly #known = new Map<string, KnownEntry>();
  /** Not in the copy yet, by member. */
  readonly #unwritten = new Map<string, KnownEntry>();
  #arrived: FeedEntry[] = [];
  #revision = 0;
  #began = "";
  /** Everything is to be read, not only what is new. */
  #whole = true;
  #informed = false;
  #isAway = false;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #looks: NodeJS.Timeout | undefined;
  #sweeps: NodeJS.Timeout | undefined;
  #listening: Disposable | undefined;
  #told: () => void = () => undefined;

  constructor(options: RedisFeedOptions) {
    this.#options = options;
    this.#root = options.keys.place("directory");
    this.#channel = options.keys.channel("directory");
    for (const entry of options.leftOver) this.#known.set(memberOf(entry), entry);
    for (const entry of options.copy?.read() ?? []) this.#known.set(memberOf(entry), entry);
  }

  /** Whether it was ever read: until then nobody knows whom operators have stopped. */
  get informed(): boolean {
    return this.#informed;
  }

  /** A server that is away is no reason not to start; see `informed`. */
  async first(): Promise<readonly FeedEntry[]> {
    for (const known of this.#known.values()) {
      if (known.kind !== "removed") this.#arrived.push(known);
    }
    await this.catchUp();
    return this.news();
  }

  news(): readonly FeedEntry[] {
    return this.#arrived.length === 0 ? this.#arrived : this.#arrived.splice(0);
  }

  watch(told: () => void): void {
    this.#told = told;
    this.#looks = setInterval(() => void this.catchUp(), LOOK_MS).unref();
    this.#sweeps = setInterval(() => this.#sweep(), SWEEP_MS).unref();
    this.#listening = this.#options.news.listen(this.#channel, (said) => {
      this.#whole ||= said === undefined;
      void this.catchUp();
    });
  }

  /** Reads what was written until now; whoever asks meanwhile waits for the next look, together. */
  catchUp(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      this.#running = this.#look();
      return this.#running;
    });
    return this.#next;
  }

  /** Keys are each directory's own. */
  async touch(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looks);
    clearInterval(this.#sweeps);
    this.#listening?.[Symbol.dispose]();
    await this.#next;
    await this.#running;
  }

  #sweep(): void {
    const now = this.#options.now();
    for (const [member, known] of this.#known) {
      if (known.kind !== "removed" && isOver(known, now)) this.#known.delete(member);
    }
  }

  async #look(): Promise<void> {
    try {
      await this.#read();
      this.#writeCopy();
      this.#isAway = false;
      this.#told();
    } catch (error) {
      // Once for each outage: it is looked again every second.
      if (!this.#isAway) this.#options.onFault(error);
      this.#isAway = true;
    }
  }

  async #read(): Promise<void> {
    const whole = this.#whole;
    const seen = new Map<string, number>();
    let after = whole ? 0 : this.#revision;
    for (let more = true; more;) {
      const page = changesIn(await this.#run(ENTRY_CHANGES, [after]));
      if (!whole && page.began !== this.#began) {
        this.#whole = true;
        return this.#read();
      }
      this.#began = page.began;
      for (const { member, known, entry } of page.changes) {
        seen.set(member, known.revision);
        after = Math.max(after, known.revision);
        this.#take(member, known, entry);
      }
      more = page.more;
    }
    this.#revision = after;
    this.#whole = false;
    this.#informed = true;
    if (whole) await this.#tellAgain(seen);
  }

  /** What the disk refuses now is written with a later look. */
  #writeCopy(): void {
    const { copy, onFault } = this.#options;
    if (copy === undefined || this.#unwritten.size === 0) return;
    try {
      copy.write([...this.#unwritten.values()]);
      this.#unwritten.clear();
    } catch (error) {
      onFault(error);
    }
  }

  #take(member: string, known: KnownEntry, entry: FeedEntry): void {
    if (known.revision <= (this.#known.get(member)?.revision ?? -1)) return;
    this.#known.set(member, known);
    if (this.#options.copy !== undefined) this.#unwritten.set(member, known);
    this.#arrived.push(entry);
  }

  /** Of what is known here, what the server does not have or has in an older form. */
  async #tellAgain(seen: ReadonlyMap<string, number>): Promise<void> {
    const now = this.#options.now();
    const lost: SharedEntry[] = [];
    for (const [member, known] of this.#known) {
      if ((seen.get(member) ?? -1) >= known.revision) continue;
      if (known.kind === "removed" || isOver(known, now)) this.#known.delete(member);
      else lost.push(known);
    }
    for (let at = 0; at < lost.length; at += TOLD_AT_ONCE) {
      const told = lost.slice(at, at + TOLD_AT_ONCE);
      const args = told.flatMap((entry) => [entry.revision, ...putArgs(entry)]);
      await this.#run(TELL_ENTRIES, [this.#channel, ...args]);
    }
    // They have other revisions now.
    if (lost.length > 0) void this.catchUp();
  }

  #run(script: typeof ENTRY_CHANGES, args: readonly (string | number)[]): Promise<unknown> {
    const { client, clock } = this.#options;
    return client.run(script, [`${this.#root}feed`], [clock?.() ?? "", this.#root, ...args]);
  }
}

function memberOf(entry: KnownEntry): string {
  return `${entry.kind === "removed" ? entry.of : entry.kind}|${entry.id}`;
}

function isOver({ kind, body, tenant }: SharedEntry, now: Instant): boolean {
  const { expiresAt } = lookupOf(kind, body, tenant);
  return expiresAt !== undefined && expiresAt <= now;
}

interface Change {
  readonly member: string;
  readonly known: KnownEntry;
  readonly entry: FeedEntry;
}

interface Page {
  readonly began: string;
  readonly more: boolean;
  readonly changes: readonly Change[];
}

function changesIn(reply: unknown): Page {
  if (!Array.isArray(reply)) throw new TypeError("Redis answered something else than a list");
  const [began = "", more = "0", ...parts] = reply.map(String);
  const changes: Change[] = [];
  for (let at = 0; at < parts.length; at += PARTS) {
    const [member = "", tenant = "", revision, created, body = ""] = parts.slice(at, at + PARTS);
    const split = member.indexOf("|");
    const kind = member.slice(0, split);
    if (!isShared(kind)) continue;
    const name = { id: member.slice(split + 1), tenant: id<TenantId>(tenant) };
    const standing = Number(revision);
    if (body === "") {
      const known = { kind: "removed", of: kind, ...name, revision: standing } as const;
      const entry: FeedEntry = { kind, ...name, revision: standing, body: undefined };
      changes.push({ member, known, entry });
      continue;
    }
    const row = { ...name, revision: standing, created_at: Number(created), body };
    const entry = readShared(kind, row);
    changes.push({ member, known: entry, entry });
  }
  return { began, more: more === "1", changes };
}
