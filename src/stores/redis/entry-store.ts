/** Entries of the directory that replicas share over Redis alone: each change is one script. */
import type { Entry, EntryKind } from "../../core/identity/directory-entry.ts";
import {
  EVERY_TENANT,
  lookupOf,
  StoreUnreachable,
  type DirectoryStore,
  type Query,
  type Write,
  type WriteReply,
} from "../../core/identity/directory-store.ts";
import type { Instant } from "../../core/units.ts";
import { readEntry } from "../directory/read-entry.ts";
import type { RedisStoreOptions } from "./rate-store.ts";
import type { RedisScript } from "./redis-script.ts";
import {
  COUNT_ENTRIES,
  ENTRY_NAMED,
  GET_ENTRY,
  LIST_ENTRIES,
  PRUNE_ENTRIES,
  TAKEN,
  WRITE_ENTRIES,
} from "./entry-scripts.ts";

type Args = readonly (string | number)[];

/** What one entry takes in an answer. */
const SHOWN = 5;
/** Entries that one page may have. */
const PAGE_MAX = 1_000;
/** More are removed with the next round. */
const PRUNE_ROUNDS_MAX = 100;

/** Uses of keys are not kept here, and quotas neither: keys belong to each directory. */
export type EntryStore = Omit<DirectoryStore, "touch" | "lastUses">;

export class RedisEntryStore implements EntryStore {
  readonly #options: RedisStoreOptions;
  readonly #root: string;
  readonly #channel: string;

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#root = options.keys.place("directory");
    this.#channel = options.keys.channel("directory");
  }

  async get<K extends EntryKind>(kind: K, id: string): Promise<Entry<K> | undefined> {
    return entriesIn(kind, await this.#run(GET_ENTRY, [kind, id]))[0];
  }

  async byName<K extends EntryKind>(kind: K, name: string): Promise<Entry<K> | undefined> {
    return entriesIn(kind, await this.#run(ENTRY_NAMED, [kind, name]))[0];
  }

  async list<K extends EntryKind>(
    kind: K,
    { tenant, owner = "", after = "", limit }: Query,
  ): Promise<readonly Entry<K>[]> {
    const whose = tenant === EVERY_TENANT ? ["", ""] : ["1", tenant];
    const args = [kind, ...whose, owner, after, Math.min(limit, PAGE_MAX)];
    return entriesIn(kind, await this.#run(LIST_ENTRIES, args));
  }

  async count(kind: EntryKind): Promise<number> {
    return Number(await this.#run(COUNT_ENTRIES, [kind]));
  }

  async write(...writes: readonly Write[]): Promise<WriteReply> {
    const reply = await this.#run(WRITE_ENTRIES, [this.#channel, ...writes.flatMap(writeArgs)]);
    const [said, conflicting] = Array.isArray(reply) ? reply.map(String) : [];
    if (conflicting === undefined) return { kind: "written", revision: Number(said) };
    return { kind: "conflict", id: conflicting, why: said === TAKEN ? "taken" : "changed" };
  }

  async prune(before: Instant): Promise<void> {
    for (let round = 0; round < PRUNE_ROUNDS_MAX; round += 1) {
      if ((await this.#run(PRUNE_ENTRIES, [before])) !== 1) return;
    }
  }

  async #run(script: RedisScript, args: Args): Promise<unknown> {
    const { client, clock } = this.#options;
    try {
      return await client.run(
        script,
        [`${this.#root}feed`],
        [clock?.() ?? "", this.#root, ...args],
      );
    } catch (error) {
      throw new StoreUnreachable(error);
    }
  }
}

/** In the order that the scripts read. */
function writeArgs(write: Write): (string | number)[] {
  if (write.kind === "remove") {
    return ["remove", write.expect, write.of, write.id, write.tenant, "", "", "", "", ""];
  }
  return ["put", write.expect, ...putArgs(write.entry)];
}

/** As `PUT_ARGS` many. */
export function putArgs(entry: Omit<Entry, "revision">): (string | number)[] {
  const { kind, id, tenant, createdAt, body } = entry;
  const { owner = "", name = "", expiresAt = "" } = lookupOf(kind, body, tenant);
  return [kind, id, tenant, createdAt, JSON.stringify(body), owner, name, expiresAt];
}

function entriesIn<K extends EntryKind>(kind: K, reply: unknown): Entry<K>[] {
  if (!Array.isArray(reply)) throw new TypeError("Redis answered something else than a list");
  const entries: Entry<K>[] = [];
  for (let at = 0; at < reply.length; at += SHOWN) {
    const [id = "", tenant = "", revision, created, body = "null"] = reply
      .slice(at, at + SHOWN)
      .map(String);
    const times = { revision: Number(revision), created_at: Number(created) };
    entries.push(readEntry(kind, { id, tenant, body, ...times }));
  }
  return entries;
}
