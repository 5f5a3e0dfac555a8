/** Changes of this machine's own directory, and of what its replicas share (`SplitDirectoryStore`). */
import type { FeedEntry } from "../../core/identity/access-index.ts";
import type { DirectoryFeed } from "../../core/identity/directory-feed.ts";
import { isShared } from "../../core/identity/shared-kinds.ts";
import type { Instant } from "../../core/units.ts";

export class JoinedFeed implements DirectoryFeed, AsyncDisposable {
  readonly #own: DirectoryFeed & AsyncDisposable;
  readonly #shared: Required<DirectoryFeed> & AsyncDisposable;

  constructor(
    own: DirectoryFeed & AsyncDisposable,
    shared: Required<DirectoryFeed> & AsyncDisposable,
  ) {
    this.#own = own;
    this.#shared = shared;
  }

  get informed(): boolean {
    return this.#shared.informed;
  }

  async first(): Promise<readonly FeedEntry[]> {
    return [...ofItsOwn(await this.#own.first()), ...(await this.#shared.first())];
  }

  news(): readonly FeedEntry[] {
    const own = ofItsOwn(this.#own.news());
    const shared = this.#shared.news();
    if (own.length === 0) return shared;
    return shared.length === 0 ? own : [...own, ...shared];
  }

  watch(told: () => void): void {
    this.#own.watch(told);
    this.#shared.watch(told);
  }

  catchUp(): Promise<void> {
    return this.#shared.catchUp();
  }

  touch(uses: ReadonlyMap<string, Instant>): Promise<void> {
    return this.#own.touch(uses);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shared[Symbol.asyncDispose]();
    await this.#own[Symbol.asyncDispose]();
  }
}

function ofItsOwn(news: readonly FeedEntry[]): readonly FeedEntry[] {
  return news.length === 0 ? news : news.filter(({ kind }) => !isShared(kind));
}
