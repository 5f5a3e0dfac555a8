import type { Instant } from "../../core/units.ts";

/** How late the last use of a key may be written, and what a crash forgets: it is no evidence. */
const WRITE_AFTER_MS = 1_000;

/** When keys were last used, written once for all that came within a second. */
export class KeyUses implements AsyncDisposable {
  readonly #write: (uses: ReadonlyMap<string, Instant>) => Promise<void>;
  /** One entry a key at most. */
  #uses = new Map<string, Instant>();
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (uses: ReadonlyMap<string, Instant>) => Promise<void>) {
    this.#write = write;
  }

  add(uses: ReadonlyMap<string, Instant>): void {
    for (const [id, at] of uses) this.#keep(id, at);
    // A store that is away is tried again a second later.
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), WRITE_AFTER_MS);
    this.#timer.unref();
  }

  /** Rejects where the store cannot be written; nothing is forgotten then. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#uses.size === 0) return;
    const uses = this.#uses;
    this.#uses = new Map();
    try {
      await this.#write(uses);
    } catch (error) {
      this.add(uses);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush().catch(() => undefined);
    clearTimeout(this.#timer);
  }

  #keep(id: string, at: Instant): void {
    const known = this.#uses.get(id);
    if (known === undefined || known < at) this.#uses.set(id, at);
  }
}
