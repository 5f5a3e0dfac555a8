/**
 * The directory of a machine whose replicas share a Redis: what must count on all of them at once is
 * there (`SHARED_KINDS`), everything else in this machine's own database.
 */
import type { Entry, EntryKind } from "../../core/identity/directory-entry.ts";
import type { Query, Write, WriteReply } from "../../core/identity/directory-store.ts";
import type { QuotaStore } from "../../core/identity/quota.ts";
import { isShared } from "../../core/identity/shared-kinds.ts";
import type { Instant } from "../../core/units.ts";
import type { EntryStore } from "../redis/entry-store.ts";
import type { OpenDirectoryStore } from "./sql-directory-store.ts";

export class SplitDirectoryStore implements OpenDirectoryStore {
  readonly quotas: QuotaStore;
  readonly #own: OpenDirectoryStore;
  readonly #shared: EntryStore;

  constructor(own: OpenDirectoryStore, shared: EntryStore) {
    this.#own = own;
    this.#shared = shared;
    this.quotas = own.quotas;
  }

  get<K extends EntryKind>(kind: K, id: string): Promise<Entry<K> | undefined> {
    return this.#of(kind).get(kind, id);
  }

  byName<K extends EntryKind>(kind: K, name: string): Promise<Entry<K> | undefined> {
    return this.#of(kind).byName(kind, name);
  }

  list<K extends EntryKind>(kind: K, query: Query): Promise<readonly Entry<K>[]> {
    return this.#of(kind).list(kind, query);
  }

  count(kind: EntryKind): Promise<number> {
    return this.#of(kind).count(kind);
  }

  /**
   * A batch over both is no longer one step. Its shared half comes first: it is what ends something,
   * so what a failure in between leaves behind is an agent without its sessions, never the reverse.
   */
  async write(...writes: readonly Write[]): Promise<WriteReply> {
    const shared = writes.filter((write) => isShared(kindOf(write)));
    if (shared.length === writes.length) return this.#shared.write(...writes);
    if (shared.length > 0) {
      const reply = await this.#shared.write(...shared);
      if (reply.kind === "conflict") return reply;
    }
    return this.#own.write(...writes.filter((write) => !isShared(kindOf(write))));
  }

  touch(uses: ReadonlyMap<string, Instant>): Promise<void> {
    return this.#own.touch(uses);
  }

  lastUses(ids: readonly string[]): Promise<ReadonlyMap<string, Instant>> {
    return this.#own.lastUses(ids);
  }

  async prune(before: Instant): Promise<void> {
    await Promise.all([this.#own.prune(before), this.#shared.prune(before)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own[Symbol.asyncDispose]();
  }

  #of(kind: EntryKind): EntryStore {
    return isShared(kind) ? this.#shared : this.#own;
  }
}

function kindOf(write: Write): EntryKind {
  return write.kind === "put" ? write.entry.kind : write.of;
}
