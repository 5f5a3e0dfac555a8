/**
 * What servers do not say themselves: a new policy, an approval, a definition that was found
 * changed, or a server that is new or gone makes lists show something else.
 */

/** How soon listeners hear of it. */
const LOOK_MS = 1_000;

/** What lists are made from, as it is now. */
export interface Sources {
  /** Another object with each load: two changes in a row may lead back to the same text. */
  readonly policy: object;
  /** Another number with each change. */
  readonly definitions: number;
  /** Those that tenants registered: another object with each change. */
  readonly servers: object;
}

export interface NewsListener {
  /** Nobody is there any more; not everything that ends says so. */
  readonly gone: boolean;
  tell(): void;
}

export class ListNews {
  readonly #sources: () => Sources;
  readonly #listeners = new Set<NewsListener>();
  #seen: Sources | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(sources: () => Sources) {
    this.#sources = sources;
  }

  listen(listener: NewsListener): void {
    this.#listeners.add(listener);
    if (this.#timer !== undefined) return;
    this.#seen = this.#sources();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  leave(listener: NewsListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const before = this.#seen;
    const now = (this.#seen = this.#sources());
    const isNew = before === undefined || differs(now, before);
    for (const listener of this.#listeners) {
      if (listener.gone) this.leave(listener);
      else if (isNew) listener.tell();
    }
  }
}

function differs(a: Sources, b: Sources): boolean {
  return a.policy !== b.policy || a.definitions !== b.definitions || a.servers !== b.servers;
}
